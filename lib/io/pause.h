// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "io/fd.h"

namespace mrf::io {

/// Keeps an event loop from waking for each line of a writer that writes each of its lines by itself, and for
/// each page of a reader that reads little: after a turn that moved little it pauses for half a millisecond,
/// and what comes meanwhile is moved at once. More than a quarter of the smallest pipe is never little: a
/// pipe of 64 KiB, which Linux gives by default, fills in the pause only at 128 MB/s, one of 1 MiB at 2 GB/s,
/// and at that rate a turn moves more. With a smaller pipe nothing pauses: who has many pipes and is not root
/// gets pipes of two pages (pipe(7), pipe-user-pages-soft).
class Pause {
 public:
  /// Less than `little` bytes is little.
  explicit Pause(std::uint64_t little) : little_(little) {}

  /// The loop reads or writes `pipe`. What is no pipe does not count.
  void add(FdRef pipe) noexcept;
  /// After a turn, with all bytes that the loop has moved so far.
  void after(std::uint64_t bytes);

 private:
  std::uint64_t bytes_ = 0;
  std::uint64_t little_;
};

}  // namespace mrf::io
