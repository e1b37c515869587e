// SPDX-License-Identifier: MIT
#include "collect/input.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "codec/data_format.h"

namespace mrf::collect {

namespace {

constexpr std::size_t least_read = 16384;

}  // namespace

Input::Input(const std::string& path, const InputSettings& settings, HeaderUse header_use,
             const Shared& shared, io::StreamCount& count)
    : settings_(settings),
      shared_(shared),
      channel_(path, !record::is_bytes(settings.form)),
      count_(count),
      splitter_(record::make_framer(settings.form, channel_.name())),
      header_use_(header_use),
      is_format_known_(record::is_bytes(settings.form) ||
                       settings.form.kind == record::RecordForm::Kind::bam) {
  start_round();
}

void Input::start_round() {
  if (header_use_.way == HeaderUse::Way::keep && round_ > 0) header_use_.way = HeaderUse::Way::drop;
  preamble_.emplace(settings_.header, header_use_, shared_.references, channel_.name());
  framer_ = record::make_framer(settings_.form, channel_.name());
  backlogs_.emplace_back(shared_.pool, shared_.spill);
}

Input::Got Input::read(io::Meter& meter, Hold hold) {
  make_room(hold);
  const auto n = channel_.read({open_->data + filled_, open_->capacity - filled_}, meter);
  if (!n) return Got::nothing;
  filled_ += *n;
  count_.bytes = channel_.stored();
  if (*n == 0) {
    finish();
    return Got::end;
  }
  frame(false);
  return Got::bytes;
}

void Input::make_room(Hold hold) {
  if (!open_) open_ = shared_.pool.get();
  const std::size_t tail = filled_ - framed_;
  const std::size_t room = open_->capacity - filled_;
  const std::size_t enough = std::min(least_read, open_->capacity / 4);
  if (room >= enough || (room > 0 && tail > open_->capacity / 2)) return;
  if (hold == Hold::on_disk) newest().spill_last(open_);
  if (tail > 0 || !open_.is_only()) {
    BlockRef next = shared_.pool.get(tail > shared_.pool.block_size() / 2 ? tail * 2 : 0);
    std::memcpy(next->data, open_->data + framed_, tail);
    open_ = std::move(next);
  }
  framed_ = 0;
  filled_ = tail;
}

// A compressed or binary file would go through as the lines that it happens to have.
void Input::check_format(bool is_end) {
  if (unframed().size() < codec::format_magic_size && !is_end) return;
  is_format_known_ = true;
  const codec::DataFormat format = codec::format_by_magic(unframed());
  if (format != codec::DataFormat::unknown && format != codec::DataFormat::sam)
    throw base::DataError("read", name(), codec::refusal_of(format));
}

void Input::frame(bool is_end) {
  if (!is_format_known_) check_format(is_end);
  if (!preamble_->is_over()) {
    framed_ += preamble_->take(unframed(), is_end);
    if (preamble_->is_over() && round_ == 0) header_ = preamble_->text();
  }
  if (!preamble_->is_over() || framed_ == filled_) return;
  const std::string_view bytes = unframed();
  const record::Run run = framer_->take(bytes, all_records);
  newest().push(open_, bytes.substr(0, run.bytes), run.records);
  framed_ += run.bytes;
  count_.records += run.records;
}

void Input::finish() {
  frame(true);
  if (framed_ < filled_) {
    const std::string_view missing = framer_->complete(unframed());
    make_room(Hold::in_memory);
    std::memcpy(open_->data + filled_, missing.data(), missing.size());
    filled_ += missing.size();
    newest().push(open_, unframed(), 1);
    ++count_.records;
  }
  open_ = {};
  framed_ = filled_ = 0;
  is_read_ = ++round_ == settings_.rounds;
  if (!is_read_) start_round();
}

std::uint64_t Input::pass(BatchedOutput& output, std::uint64_t max_records) {
  std::uint64_t passed = 0;
  while (passed < max_records && has_records()) {
    const Chunk& chunk = front();
    record::Run run{chunk.bytes.size(), chunk.records};
    if (run.records > max_records - passed) run = splitter_->split(chunk.bytes, max_records - passed);
    output.pass(chunk.block, chunk.bytes.substr(0, run.bytes));
    passed += run.records;
    drop(run.bytes, run.records);
  }
  return passed;
}

}  // namespace mrf::collect
