// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "collect/block.h"
#include "collect/spill.h"

namespace mrf::collect {

/// Whole records of one input, next to each other.
struct Chunk {
  BlockRef block;  ///< none while the records are in the spill file
  std::string_view bytes;
  std::uint64_t records = 0;
  std::uint64_t slot = 0;  ///< of the spill file, where only the size of `bytes` means something
};

/// The records of one input that were read and not written yet, in memory or in the spill file.
class Backlog {
 public:
  Backlog(BlockPool& pool, SpillFile& spill) : pool_(pool), spill_(spill) {}

  bool empty() const { return chunks_.empty(); }
  /// Adds records that stand in `block`.
  void push(const BlockRef& block, std::string_view bytes, std::uint64_t records);
  /// Moves the last records added to the spill file if they stand in `block`. Throws SystemError.
  void spill_last(const BlockRef& block);
  /// The records in front, in memory. Throws SystemError when they cannot be read back.
  const Chunk& front();
  /// Drops `bytes` bytes, which are `records` records, of front().
  void consume(std::size_t bytes, std::uint64_t records);

 private:
  BlockPool& pool_;
  SpillFile& spill_;
  std::deque<Chunk> chunks_;
};

}  // namespace mrf::collect
