// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

#include "io/fd.h"

namespace mrf::io {

/// Keeps an event loop from waking for each line of a writer that writes each of its lines by itself, and for
/// each page of a reader that reads little: after a turn that moved little it pauses for half a millisecond,
/// and what comes meanwhile is moved at once. Less than a quarter of the smallest pipe, and than 128 KiB, is
/// little. Where a pipe could fill or run empty in the pause, since as much as the smallest one holds was
/// moved in the last millisecond, nothing pauses: such a turn only finds what came during the one before.
/// With a pipe of less than 64 KiB, which Linux gives by default, nothing pauses either: who has many pipes
/// and is not root gets pipes of two pages (pipe(7), pipe-user-pages-soft).
class Pause {
 public:
  /// The loop reads or writes `pipe`. What is no pipe does not count.
  void add(FdRef pipe) noexcept;
  /// After a turn, with all bytes that the loop has moved so far. Whether it has paused.
  bool after(std::uint64_t bytes);

 private:
  using Clock = std::chrono::steady_clock;

  double moved_lately(std::uint64_t moved);

  std::uint64_t capacity_ = std::uint64_t{1} << 20;  // of the smallest pipe
  std::uint64_t bytes_ = 0;
  Clock::time_point last_ = Clock::now();
  double lately_ = 0;
};

}  // namespace mrf::io
