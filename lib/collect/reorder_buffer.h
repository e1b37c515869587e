// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "io/block_pool.h"
#include "io/fd.h"
#include "io/temporaries.h"

namespace mrf::collect {

/// Where data goes that the memory does not hold: a file without a name in $TMPDIR (or /tmp), made when it is
/// needed for the first time and gone with the process. It is cut into slots; what is stored takes as many as
/// it needs, one behind the other, and those that are released are used again.
class SpillFile {
 public:
  /// In bytes.
  explicit SpillFile(std::size_t slot_size) : slot_size_(slot_size) {}

  /// Returns the first slot. Throws SystemError, which names the directory.
  std::uint64_t store(std::string_view bytes);
  /// Reads `size` bytes that were stored in `slot` to `to`. Throws SystemError.
  void load(std::uint64_t slot, char* to, std::size_t size) const;
  /// `size` bytes that were stored in `slot` are not needed any more.
  void release(std::uint64_t slot, std::size_t size);

  /// Bytes stored so far, released or not.
  std::uint64_t stored() const { return stored_; }
  /// Bytes that the file takes at most, released or not.
  std::uint64_t size() const { return end_ * slot_size_; }

 private:
  std::uint64_t find_room(std::uint64_t slots);
  void add_free(std::uint64_t first, std::uint64_t length);
  void remove_free(std::uint64_t first, std::uint64_t length);
  std::uint64_t slots_of(std::size_t size) const { return (size + slot_size_ - 1) / slot_size_; }

  const std::size_t slot_size_;
  const std::string name_ = io::scratch_file_name();
  io::Fd fd_;
  std::uint64_t end_ = 0;
  std::uint64_t stored_ = 0;
  /// The first slot and the length of each span of free ones, and the same by length.
  std::map<std::uint64_t, std::uint64_t> free_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> free_by_length_;
};

/// Whole records of one input, next to each other.
struct RecordBatch {
  io::BlockRef block;  ///< none while the records are in the spill file
  std::string_view bytes;
  std::uint64_t records = 0;
  std::uint64_t slot = 0;  ///< of the spill file, where only the size of `bytes` means something
};

/// The records of one input that were read and not written yet, in memory or in the spill file.
class ReorderBuffer {
 public:
  ReorderBuffer(io::BlockPool& pool, SpillFile& spill) : pool_(pool), spill_(spill) {}

  bool empty() const { return batches_.empty(); }
  /// Adds records that stand in `block`.
  void push(const io::BlockRef& block, std::string_view bytes, std::uint64_t records);
  /// Moves the last records added to the spill file if they stand in `block`. Throws SystemError.
  void spill_last(const io::BlockRef& block);
  /// The records in front, in memory. Throws SystemError when they cannot be read back.
  const RecordBatch& front();
  /// Drops `bytes` bytes, which are `records` records, of front().
  void consume(std::size_t bytes, std::uint64_t records);

 private:
  io::BlockPool& pool_;
  SpillFile& spill_;
  std::deque<RecordBatch> batches_;
};

}  // namespace mrf::collect
