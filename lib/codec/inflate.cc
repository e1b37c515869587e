// SPDX-License-Identifier: MIT
#include "codec/inflate.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/inflate_bgzf.h"
#include "codec/inflate_engine.h"

namespace mrf::codec {

GzipDecoder::GzipDecoder(std::string name) : name_(std::move(name)), engine_(make_inflate_engine()) {}
GzipDecoder::~GzipDecoder() = default;
GzipDecoder::GzipDecoder(GzipDecoder&&) noexcept = default;

void GzipDecoder::feed(std::string_view stored) { held_ = stored; }

std::size_t GzipDecoder::inflate(std::span<char> to) {
  std::span<char> rest = to;
  while (rest.size() == to.size()) {
    if (!in_member_ && !next_member()) return 0;
    inflate_some(rest);
    if (held_.empty() && flushed_) break;
  }
  return to.size() - rest.size();
}

void GzipDecoder::finish() const {
  if (in_member_) throw base::DataError("read", name_, "truncated gzip stream");
  if (bgzf_block_size(head_) > 0 && head_ != bgzf_eof) throw base::DataError("read", name_, no_eof_block);
}

// Between members: padding of zero bytes may follow the last one, nothing else.
bool GzipDecoder::next_member() {
  while (seen_member_ && held_.starts_with('\0')) {
    padding_ = true;
    held_.remove_prefix(1);
  }
  if (held_.empty()) return false;
  if (padding_ || (seen_member_ && held_.front() != '\x1f')) {
    throw base::DataError("read", name_, "trailing garbage after the gzip stream");
  }
  engine_->start_member();
  head_.clear();
  in_member_ = true;
  return true;
}

void GzipDecoder::remember(std::string_view taken) {
  while (!taken.empty()) {
    const BgzfHeader header = parse_bgzf_header(head_);
    const std::size_t enough = std::max(header.header_size, bgzf_eof.size() + 1);
    if (header.state == BgzfHeader::State::none || head_.size() >= enough) return;
    const std::size_t n = std::min(taken.size(), enough - head_.size());
    head_ += taken.substr(0, n);
    taken.remove_prefix(n);
  }
}

void GzipDecoder::inflate_some(std::span<char>& rest) {
  const std::size_t before = rest.size();
  const std::string_view stored = held_;
  try {
    if (engine_->step(held_, rest) == InflateEngine::State::member_end) {
      in_member_ = false;
      seen_member_ = true;
    }
  } catch (const std::runtime_error& error) {
    throw base::DataError("read", name_, error.what());
  }
  remember(stored.substr(0, stored.size() - held_.size()));
  // The library may hold output back after the last stored byte; when it gives none, it has none.
  flushed_ = !in_member_ || rest.size() == before;
}

namespace {

class Inflater : public ByteSource {
 public:
  Inflater(std::unique_ptr<ByteSource> stored, std::string name)
      : stored_(std::move(stored)), decoder_(std::move(name)) {}

  bool is_ready() const override { return decoder_.has_more() || stored_->is_ready(); }

  std::size_t read(std::span<char> to) override {
    for (;;) {
      if (const std::size_t n = decoder_.inflate(to); n > 0) return n;
      const std::size_t stored = stored_->read(buffer_);
      if (stored == 0) break;
      decoder_.feed({buffer_.data(), stored});
    }
    decoder_.finish();
    return 0;
  }

 private:
  std::unique_ptr<ByteSource> stored_;
  GzipDecoder decoder_;
  std::array<char, std::size_t{1} << 18> buffer_;
};

}  // namespace

bool is_gzip(std::string_view first) { return first.starts_with("\x1f\x8b"); }

std::unique_ptr<ByteSource> make_gzip_inflater(std::unique_ptr<ByteSource> stored, std::string name) {
  return std::make_unique<Inflater>(std::move(stored), std::move(name));
}

std::string inflate_library() { return inflate_engine_name(); }

}  // namespace mrf::codec
