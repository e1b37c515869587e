// SPDX-License-Identifier: MIT
#include "chunk/source.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "io/io.h"
#include "io/scratch_file.h"

namespace mrf {

ChunkSource::ChunkSource(const std::string& path, RecordForm form, std::uint64_t records, Meter& meter)
    : window_(open_input(path), meter), framer_(make_framer(form, window_.name())), records_(records) {}

std::optional<FdRef> ChunkSource::fd() const {
  if (window_.is_mapped() || !starved_) return std::nullopt;
  return window_.fd();
}

std::optional<Chunk> ChunkSource::next(std::size_t bytes) {
  auto chunk = ahead_.valid() ? ahead_.get() : window_.is_mapped() ? next_mapped(bytes) : next_copied(bytes);
  given_ = cut_;
  if (window_.is_mapped() && !cut_.over) cut_ahead(bytes);
  return chunk;
}

void ChunkSource::cut_ahead(std::size_t bytes) {
  try {
    ahead_ = std::async(std::launch::async, [this, bytes] { return next_mapped(bytes); });
  } catch (const std::system_error&) {  // no thread: the next one is cut when it is asked for
  }
}

Run ChunkSource::take(std::string_view view, std::uint64_t most) {
  const Run run = framer_->take(view, records_ == 0 ? most : std::min(most, records_ - taken_));
  taken_ += run.records;
  cut_.records += run.records;
  return run;
}

bool ChunkSource::is_full(std::size_t bytes) const {
  return records_ == 0 ? chunk_.size >= bytes : taken_ == records_;
}

Chunk ChunkSource::give() {
  cut_.bytes += chunk_.size;
  return std::exchange(chunk_, {});
}

std::optional<Chunk> ChunkSource::next_mapped(std::size_t bytes) {
  chunk_ = {nullptr, static_cast<std::uint64_t>(window_.mapped_offset()), 0, {}};
  taken_ = 0;
  while (!is_full(bytes) && !cut_.over) {
    const std::string_view view = window_.view();
    Run run = take(records_ == 0 ? view.substr(0, bytes - chunk_.size) : view);
    if (run.bytes == 0) run = take(view, 1);
    window_.consume(run.bytes);
    chunk_.size += run.bytes;
    if (run.bytes > 0 || window_.more()) continue;
    cut_.over = true;
    if (const std::string_view tail = window_.view(); !tail.empty()) {
      chunk_.ending = framer_->complete(tail);
      ++cut_.records;
      chunk_.size += tail.size();
      window_.consume(tail.size());
    }
  }
  if (chunk_.size == 0) return std::nullopt;
  return give();
}

std::size_t ChunkSource::keep(std::string_view text) {
  Meter copied;
  write_all(*chunk_.file, "temporary file", text, copied);
  chunk_.size += text.size();
  return text.size();
}

std::optional<Chunk> ChunkSource::next_copied(std::size_t bytes) {
  if (!chunk_.file) chunk_.file = std::make_shared<Fd>(open_scratch_file());
  const bool more = !starved_ || window_.more();
  const std::size_t kept = keep(window_.view().substr(0, take(window_.view()).bytes));
  window_.consume(kept);
  starved_ = !is_full(bytes);
  if (!more && kept == 0 && starved_) {
    if (const std::string_view tail = window_.view(); !tail.empty()) {
      const std::string_view ending = framer_->complete(tail);
      keep(tail);
      keep(ending);
      ++cut_.records;
    }
    cut_.over = true;
  }
  if (chunk_.size == 0 || (!cut_.over && starved_)) return std::nullopt;
  taken_ = 0;
  return give();
}

}  // namespace mrf
