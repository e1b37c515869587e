// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <thread>
#include <vector>

#include "io/fd.h"

namespace mrf::process {

/// For a program that feeds processes through pipes: INT, TERM and HUP end the descendants of this process
/// before this process, and with it its ends of the pipes. So no descendant takes the end of an input that
/// was cut off for the end of the data. Signals that are ignored stay ignored. Children that were there
/// before the guard are spared.
class DescendantsGuard {
 public:
  /// Blocks the signals for the calling thread and those that it starts, and adopts orphans
  /// (adopt_orphans()). To be made before other threads are. Throws SystemError.
  DescendantsGuard();
  ~DescendantsGuard();
  DescendantsGuard(const DescendantsGuard&) = delete;
  DescendantsGuard& operator=(const DescendantsGuard&) = delete;

  /// Kills and reaps all descendants but those that are spared (kill_descendants()).
  void kill_all() const noexcept;
  /// Does not return once a signal has come: this process is about to end, and how its children end is no
  /// news. To be called after wait(2).
  void wait_if_ending() const noexcept;

 private:
  void watch() noexcept;

  std::vector<pid_t> spared_;
  sigset_t signals_{};
  sigset_t before_{};
  io::Fd signal_;
  io::Fd over_;
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

}  // namespace mrf::process
