// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "codec/field_deflater.h"

namespace mrf::codec {

/// BGZF, SAM specification section 4.1: gzip members of at most 64 KiB that know their own size. The size of
/// the header of a block as it is mostly written, with the subfield BC alone; any block has at least so many
/// bytes.
inline constexpr std::size_t bgzf_header_size = 18;
inline constexpr std::size_t bgzf_max_block = 65536;
/// What htslib puts into one block, so that the block fits even when it cannot be compressed.
inline constexpr std::size_t bgzf_payload = 0xff00;
/// The empty block at the end of every BGZF file (section 4.1.2).
inline constexpr std::string_view bgzf_eof{
    "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0\x42\x43\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0", 28};

/// What the front of some bytes says of a block that begins there (SAM specification, section 4.1): the
/// subfield BC may stand behind others in the extra field.
struct BgzfHeader {
  enum class State {
    none,   ///< no block begins there
    cut,    ///< the header is not there whole; `header_size` is the least that is needed, more than there is
    whole,  ///< the header is there
  };
  State state = State::none;
  std::size_t header_size = 0;
  /// Of the whole block, for State::whole.
  std::size_t block_size = 0;
};

BgzfHeader parse_bgzf_header(std::string_view stored);

/// The whole size in bytes of the block at the front of `stored`; 0 when no BGZF block begins there. While
/// the header is not there whole, a size that is larger than `stored`.
std::size_t bgzf_block_size(std::string_view stored);
/// The size in bytes of what is in one whole block (the last field of the gzip member).
std::size_t bgzf_content_size(std::string_view block);

/// Whole blocks that lie one after the other.
struct BgzfBlocks {
  std::size_t stored = 0;         ///< their size in bytes
  std::size_t content = 0;        ///< room in bytes for what is in them, damaged ones included
  bool is_end = false;            ///< the last one is the end-of-file block
  bool has_other_behind = false;  ///< what follows them is no block and no front of one
};
/// Those at the front of `stored`, up to the one with which `most_content` bytes are in them.
BgzfBlocks whole_bgzf_blocks(std::string_view stored, std::size_t most_content);

/// What was in some blocks: in all of them, or in those before a damaged one.
struct BgzfContent {
  std::size_t size = 0;    ///< in bytes
  std::size_t offset = 0;  ///< of the damaged block, from the first byte of the blocks
  std::string damage;      ///< what is wrong with that block; empty when none is damaged
};

/// With this variable of the environment, unless it is empty, each block that is made is inflated again and
/// compared.
inline constexpr const char* check_blocks_variable = "MRF_CHECK_BLOCKS";

/// Makes BGZF blocks; one for each thread.
class BgzfDeflater {
 public:
  /// `level` is 0 (stored) to 9 as in bgzip(1); where ISA-L is in use, its level that comes nearest does 1.
  explicit BgzfDeflater(int level);
  ~BgzfDeflater();
  BgzfDeflater(BgzfDeflater&&) noexcept;
  BgzfDeflater& operator=(BgzfDeflater&&) noexcept;

  /// Writes one block with `payload` (at most bgzf_payload bytes) to `to` (at least bgzf_max_block bytes);
  /// returns its size. Throws std::runtime_error when the library refuses, and Error when
  /// the block is checked and wrong.
  std::size_t block(std::string_view payload, std::span<char> to) { return block(payload, {}, to); }
  /// The same for whole BAM records whose fields are known: the levels of FieldDeflater use them, unless
  /// there are none.
  std::size_t block(std::string_view payload, std::span<const FieldSpan> fields, std::span<char> to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Opens BGZF blocks; one for each thread.
class BgzfInflater {
 public:
  BgzfInflater();
  ~BgzfInflater();
  BgzfInflater(BgzfInflater&&) noexcept;
  BgzfInflater& operator=(BgzfInflater&&) noexcept;

  /// Inflates one whole block into `to`, which has bgzf_content_size() bytes. Throws std::runtime_error
  /// with the reason when the block is damaged or its CRC or length is wrong.
  void block(std::string_view stored, std::span<char> to);
  /// Inflates whole blocks that lie one after the other into `to`, which has BgzfBlocks::content bytes at
  /// least.
  BgzfContent blocks(std::string_view stored, std::span<char> to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The library behind them, with its version: "libdeflate 1.14".
std::string bgzf_library();

}  // namespace mrf::codec
