// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace mrf::io {

/// Shared memory (memfd_create(2), so the size of /dev/shm does not matter) that is mapped twice in a
/// row: `size()` bytes from any position lie one after the other, and no view of them ever wraps.
class RingMemory {
 public:
  /// At least `size` bytes, rounded up to whole pages. Throws SystemError "cannot allocate".
  explicit RingMemory(std::size_t size);
  ~RingMemory();
  RingMemory(const RingMemory&) = delete;
  RingMemory& operator=(const RingMemory&) = delete;

  std::size_t size() const { return size_; }
  /// Where the byte at `position` of an endless stream lies.
  char* at(std::uint64_t position) const { return base_ + position % size_; }

 private:
  char* base_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mrf::io
