// SPDX-License-Identifier: MIT
#include "join/input.h"

#include <algorithm>
#include <cstring>

namespace mrf {

namespace {

constexpr std::size_t least_read = 16384;

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool is_header_line(std::string_view line) {
  return line.size() >= 4 && line[0] == '@' && is_letter(line[1]) && is_letter(line[2]) && line[3] == '\t';
}

}  // namespace

Input::Input(const std::string& path, RecordForm form, HeaderLines header_lines, BlockPool& pool,
             SpillFile& spill, StreamCount& count)
    : channel_(path),
      pool_(pool),
      backlog_(pool, spill),
      count_(count),
      framer_(make_framer(form, channel_.name())),
      splitter_(make_framer(form, channel_.name())),
      header_lines_(header_lines),
      in_header_(header_lines != HeaderLines::are_records) {
  count_.name = path;
}

bool Input::read(Meter& meter, Hold hold) {
  make_room(hold);
  const auto n = channel_.read({open_->data + filled_, open_->capacity - filled_}, meter);
  if (!n) return false;
  filled_ += *n;
  count_.bytes += *n;
  if (*n == 0) {
    finish();
  } else {
    frame();
  }
  return true;
}

void Input::make_room(Hold hold) {
  if (!open_) open_ = pool_.get();
  const std::size_t tail = filled_ - framed_;
  const std::size_t room = open_->capacity - filled_;
  const std::size_t enough = std::min(least_read, open_->capacity / 4);
  if (room >= enough || (room > 0 && tail > open_->capacity / 2)) return;
  if (hold == Hold::on_disk) backlog_.spill_last(open_);
  if (tail > 0 || !open_.is_only()) {
    BlockRef next = pool_.get(tail > pool_.block_size() / 2 ? tail * 2 : 0);
    std::memcpy(next->data, open_->data + framed_, tail);
    open_ = std::move(next);
  }
  framed_ = 0;
  filled_ = tail;
}

void Input::strip_line(std::string_view line) {
  if (header_lines_ == HeaderLines::kept) header_ += line;
  framed_ += line.size();
}

void Input::strip_header() {
  while (in_header_ && framed_ < filled_) {
    const std::string_view bytes = unframed();
    const std::size_t end = bytes.find('\n');
    if (bytes[0] == '@' && end == std::string_view::npos) return;
    if (is_header_line(bytes.substr(0, end))) {
      strip_line(bytes.substr(0, end + 1));
    } else {
      in_header_ = false;
    }
  }
}

void Input::frame() {
  if (in_header_) strip_header();
  if (in_header_ || framed_ == filled_) return;
  const std::string_view bytes = unframed();
  const Run run = framer_->take(bytes, all_records);
  backlog_.push(open_, bytes.substr(0, run.bytes), run.records);
  framed_ += run.bytes;
  count_.records += run.records;
}

void Input::finish() {
  is_read_ = true;
  if (in_header_ && framed_ < filled_ && is_header_line(unframed())) {
    strip_line(unframed());
    if (header_lines_ == HeaderLines::kept) header_ += '\n';
  }
  in_header_ = false;
  frame();
  if (framed_ < filled_) {
    const std::string_view missing = framer_->complete(unframed());
    make_room(Hold::in_memory);
    std::memcpy(open_->data + filled_, missing.data(), missing.size());
    filled_ += missing.size();
    backlog_.push(open_, unframed(), 1);
    ++count_.records;
  }
  open_ = {};
  framed_ = filled_ = 0;
}

std::uint64_t Input::pass(BatchedOutput& output, std::uint64_t max_records) {
  std::uint64_t passed = 0;
  while (passed < max_records && !backlog_.empty()) {
    const Chunk& chunk = backlog_.front();
    Run run{chunk.bytes.size(), chunk.records};
    if (run.records > max_records - passed) run = splitter_->take(chunk.bytes, max_records - passed);
    output.pass(chunk.block, chunk.bytes.substr(0, run.bytes));
    passed += run.records;
    drop(run.bytes, run.records);
  }
  return passed;
}

}  // namespace mrf
