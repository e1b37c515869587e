// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/bgzf.h"
#include "io/fd.h"
#include "io/stats.h"

namespace mrf::shard {

/// How the content of a file is stored.
enum class Storage {
  plain,
  bgzf,
  cram,  ///< containers: a position is the offset of one, and of the end
};

/// Where a byte of the content is stored: its offset in the file, or in BGZF its virtual offset (SAM
/// specification, section 4.1.1), never one behind the last byte of a block. Larger ones come later.
using Position = std::uint64_t;

/// The position of a block's first byte, or of the end of a BGZF file, at `offset` of the file.
constexpr Position block_position(std::uint64_t offset) { return offset << 16; }
constexpr std::uint64_t block_offset(Position position) { return position >> 16; }
/// The end of a file of `size` bytes.
constexpr Position end_position(Storage storage, std::uint64_t size) {
  return storage == Storage::bgzf ? block_position(size) : size;
}
/// Where in the file the byte at `position` is stored, or its block.
constexpr std::uint64_t stored_offset(Position position, Storage storage) {
  return storage == Storage::bgzf ? block_offset(position) : position;
}
/// The `size` bytes at `offset` of a regular file, fewer where it ends. Throws SystemError.
std::string bytes_at(io::FdRef file, const std::string& name, std::uint64_t offset, std::size_t size);
/// For messages: "byte 17", "virtual offset 512:17".
std::string describe(Position position, Storage storage);

/// The content of a regular file from a position on, read once and in order.
class Content {
 public:
  /// Moves the offset of `file`, which outlives this object and has the name `name` in messages. In BGZF
  /// `from` is the position of a block; it may be a wrong one. Throws SystemError.
  Content(io::FdRef file, std::string name, Storage storage, Position from, io::Meter& meter);

  /// What is there and not consumed yet; valid until the next call of more().
  std::string_view view() const { return {content_.data() + begin_, content_.size() - begin_}; }
  /// Makes the view longer. False at the end. Throws SystemError, and DataError for a damaged block, or a
  /// BGZF file that ends without its end-of-file block.
  bool more();
  void consume(std::size_t n);

  /// Where the byte at `offset` of the view is stored; at the view's end the end of the file, which is right
  /// when more() has returned false.
  Position position(std::size_t offset) const;
  /// The offset in the view of the first byte that is stored at or behind `position`, perhaps the view's end;
  /// nothing while the view ends before it.
  std::optional<std::size_t> offset_of(Position position) const;

 private:
  struct Block {
    std::uint64_t content_at = 0;  // of its first byte, from the first one of all
    std::uint64_t stored_at = 0;
  };

  void drop_consumed();
  bool more_plain();
  bool more_blocks();
  void inflate_blocks();
  [[noreturn]] void fail(const std::string& reason) const;

  io::FdRef file_;
  std::string name_;
  Storage storage_;
  io::Meter& meter_;
  std::vector<char> content_;
  std::size_t begin_ = 0;
  std::uint64_t consumed_ = 0;  // bytes of content in front of the view
  std::uint64_t stored_end_;    // of what is in content_
  std::string stored_;          // read, and not inflated yet
  std::deque<Block> blocks_;    // those that are not empty, from that of the view's first byte on
  bool ends_whole_ = false;     // the last block was the end-of-file block
  codec::BgzfInflater inflater_;
};

}  // namespace mrf::shard
