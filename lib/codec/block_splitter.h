// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codec/deflate_format.h"

namespace mrf::codec::deflate {

/// What becomes one block of a DEFLATE stream, with codes of its own.
struct BlockPart {
  std::span<const Sequence> sequences;
  Frequencies frequencies;  ///< the end of the block counts once
};

/// Counts the symbols of sequences, and splits them where codes of their own pay. That is so where fields are
/// long: bases, qualities and what lies between two long reads use different symbols. Where records are short
/// each piece has all of them, and nothing is gained.
///
/// The sequences are counted in pieces. Of all places between two pieces the one is taken where the entropies
/// of both sides are least in sum, if that saves enough beyond what a second pair of codes needs; then the
/// same is done on both sides. Of two long reads in a block this saves 0.6 %, the best of all ways to split
/// 0.9 %; short records save 0.1 % at most, and lose as much in time.
class BlockSplitter {
 public:
  BlockSplitter();

  /// The parts of a block of at most FieldDeflater::most_bytes in their order, valid until the next call, or
  /// without `splits` one part, valid as long as `sequences` are. A part may end with a sequence without a
  /// match. `payload` is followed by 64 bytes that may be read.
  std::span<const BlockPart> parts(const char* payload, std::span<const Sequence> sequences, bool splits);

 private:
  using Counts = std::array<std::uint32_t, literal_symbols + distance_symbols>;

  void cut(const char* payload, std::span<const Sequence> sequences);
  void add_piece(const char* payload, std::span<const Sequence> sequences);
  void gather_counts();
  std::uint32_t cost_moved(std::size_t piece, Counts& before, Counts& after) const;
  void split(std::size_t first, std::size_t behind);

  std::vector<Sequence> sequences_;      // those of the block, cut at the ends of pieces
  std::vector<unsigned char> literals_;  // all of a piece
  std::vector<BlockPart> pieces_;
  std::vector<Counts> counts_;       // of each piece, of the symbols that occur
  std::size_t literal_symbols_ = 0;  // that occur, lengths among them
  std::size_t symbols_ = 0;          // that occur
  std::vector<BlockPart> parts_;
};

}  // namespace mrf::codec::deflate
