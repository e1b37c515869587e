// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <atomic>

namespace mrf::io {

/// A process group that is killed before a signal ends the program: INT, TERM and HUP after
/// remove_temporaries_on_signals(), and QUIT, USR1, USR2, ALRM and XCPU as long as one of these objects
/// lives, unless they are ignored or have handlers. Any thread.
class KilledGroup {
 public:
  KilledGroup();
  ~KilledGroup();
  KilledGroup(const KilledGroup&) = delete;
  KilledGroup& operator=(const KilledGroup&) = delete;

  /// To be called together with the start of the group within the life of one EndingSignalsBlocked.
  void set(pid_t group) noexcept { *group_ = group; }
  /// The group is not killed from now on, and its leader may be waited for.
  void forget() noexcept;

 private:
  std::atomic<pid_t>* group_;
};

/// Kills those that live. For a handler to which may_end_now() said true.
void kill_groups() noexcept;

}  // namespace mrf::io
