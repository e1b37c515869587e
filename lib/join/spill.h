// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

namespace mrf {

/// A place in the spill file.
struct Extent {
  std::uint64_t slot = 0;
  std::size_t size = 0;
};

/// Where data goes that the memory does not hold: a file without a name in $TMPDIR (or /tmp), made when it is
/// needed for the first time and gone with the process. Space that is released is used again.
class SpillFile {
 public:
  explicit SpillFile(std::size_t slot_size) : slot_size_(slot_size) {}

  /// Throws SystemError, which names the directory.
  Extent store(std::string_view bytes);
  /// Reads what was stored to `to`, which has room for it. Throws SystemError.
  void load(const Extent& extent, char* to) const;
  void release(const Extent& extent);

  /// Bytes stored so far, released or not.
  std::uint64_t stored() const { return stored_; }

 private:
  void open();
  std::uint64_t find_room(std::size_t slots);
  std::size_t slots_of(std::size_t size) const { return (size + slot_size_ - 1) / slot_size_; }

  const std::size_t slot_size_;
  std::string name_;
  Fd fd_;
  std::uint64_t end_ = 0;
  std::uint64_t stored_ = 0;
  std::vector<std::uint64_t> free_;
};

}  // namespace mrf
