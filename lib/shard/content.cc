// SPDX-License-Identifier: MIT
#include "shard/content.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "base/error.h"

namespace mrf::shard {

namespace {
// Read behind a cut, and at the front of the input, by every shard: no more than a block at a time.
constexpr std::size_t read_bytes = std::size_t{64} << 10;
constexpr std::size_t most_inflated = std::size_t{1} << 20;
}  // namespace

std::string bytes_at(io::FdRef file, const std::string& name, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t there = 0;
  while (there < size) {
    const ssize_t n =
        ::pread(file.get(), bytes.data() + there, size - there, static_cast<off_t>(offset + there));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw base::SystemError("read", name);
    if (n == 0) break;
    there += static_cast<std::size_t>(n);
  }
  bytes.resize(there);
  return bytes;
}

std::string describe(Position position, Storage storage) {
  if (storage != Storage::bgzf) return fmt::format("byte {}", position);
  return fmt::format("virtual offset {}:{}", block_offset(position), position & 0xffff);
}

Content::Content(io::FdRef file, std::string name, Storage storage, Position from, io::Meter& meter)
    : file_(file),
      name_(std::move(name)),
      storage_(storage),
      meter_(meter),
      stored_end_(storage == Storage::plain ? from : block_offset(from)) {
  if (storage == Storage::plain) consumed_ = from;
  if (::lseek(file.get(), static_cast<off_t>(stored_end_), SEEK_SET) < 0)
    throw base::SystemError("read", name_);
}

void Content::fail(const std::string& reason) const { throw base::DataError("read", name_, reason); }

void Content::consume(std::size_t n) {
  begin_ += n;
  consumed_ += n;
  while (blocks_.size() > 1 && blocks_[1].content_at <= consumed_) blocks_.pop_front();
}

bool Content::more() {
  drop_consumed();
  return storage_ == Storage::plain ? more_plain() : more_blocks();
}

// Moves no byte more often than it was read.
void Content::drop_consumed() {
  if (begin_ == 0 || begin_ < content_.size() - begin_) return;
  content_.erase(content_.begin(), content_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
}

bool Content::more_plain() {
  const std::size_t size = content_.size();
  content_.resize(size + read_bytes);
  const std::size_t n = io::read_some(file_, name_, std::span(content_.data() + size, read_bytes), meter_);
  content_.resize(size + n);
  stored_end_ += n;
  return n > 0;
}

bool Content::more_blocks() {
  const std::size_t size = content_.size();
  for (;;) {
    inflate_blocks();
    if (content_.size() > size) return true;
    const std::size_t held = stored_.size();
    stored_.resize(held + read_bytes);
    const std::size_t n = io::read_some(file_, name_, std::span(stored_.data() + held, read_bytes), meter_);
    stored_.resize(held + n);
    if (n == 0 && !stored_.empty())
      fail(fmt::format("it is truncated: the BGZF block at byte {} is not whole", stored_end_));
    if (n == 0 && !ends_whole_) fail("it is truncated: it does not end with the end-of-file block of BGZF");
    if (n == 0) return false;
  }
}

// So many that memory is bounded, however well they are compressed.
void Content::inflate_blocks() {
  std::string_view rest = stored_;
  const std::size_t most = content_.size() + most_inflated;
  while (!rest.empty() && content_.size() < most) {
    const std::size_t block_size = codec::bgzf_block_size(rest);
    if (block_size == 0) fail(fmt::format("no BGZF block begins at byte {}", stored_end_));
    if (block_size > rest.size()) break;
    const std::string_view block = rest.substr(0, block_size);
    const std::size_t size = codec::bgzf_content_size(block);
    if (size > codec::bgzf_max_block)
      fail(fmt::format("the BGZF block at byte {} is damaged: its length is wrong", stored_end_));
    const std::size_t at = content_.size();
    content_.resize(at + size);
    try {
      inflater_.block(block, std::span(content_.data() + at, size));
    } catch (const std::runtime_error& error) {
      fail(fmt::format("the BGZF block at byte {} is damaged: {}", stored_end_, error.what()));
    }
    if (size > 0) blocks_.push_back({consumed_ + at - begin_, stored_end_});
    ends_whole_ = block == codec::bgzf_eof;
    stored_end_ += block_size;
    rest.remove_prefix(block_size);
  }
  stored_.erase(0, stored_.size() - rest.size());
}

Position Content::position(std::size_t offset) const {
  if (storage_ == Storage::plain) return consumed_ + offset;
  if (offset == view().size()) return block_position(stored_end_);
  const std::uint64_t at = consumed_ + offset;
  const auto behind =
      std::upper_bound(blocks_.begin(), blocks_.end(), at,
                       [](std::uint64_t x, const Block& block) { return x < block.content_at; });
  const Block& block = *std::prev(behind);
  return block_position(block.stored_at) + (at - block.content_at);
}

std::optional<std::size_t> Content::offset_of(Position position) const {
  const std::size_t size = view().size();
  if (storage_ == Storage::plain) {
    if (position <= consumed_) return 0;
    return position - consumed_ <= size ? std::optional<std::size_t>(position - consumed_) : std::nullopt;
  }
  const std::uint64_t stored_at = block_offset(position);
  const auto block = std::lower_bound(blocks_.begin(), blocks_.end(), stored_at,
                                      [](const Block& one, std::uint64_t x) { return one.stored_at < x; });
  if (block == blocks_.end()) return std::nullopt;
  const std::uint64_t inside = block->stored_at == stored_at ? position & 0xffff : 0;
  const auto next = std::next(block);
  const std::uint64_t end = next == blocks_.end() ? consumed_ + size : next->content_at;
  const std::uint64_t at = std::min(block->content_at + inside, end);
  return at <= consumed_ ? 0 : static_cast<std::size_t>(at - consumed_);
}

}  // namespace mrf::shard
