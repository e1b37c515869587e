// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <array>

namespace mrf::io {

/// What ends a program that has temporaries to remove.
inline constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP};

/// They wait as long as one of these objects lives, whichever thread gets them: the system may give a signal
/// to a thread that knows nothing of the object, one of a library even. The last object that dies raises what
/// came meanwhile.
class EndingSignalsBlocked {
 public:
  EndingSignalsBlocked() noexcept;
  ~EndingSignalsBlocked();
  EndingSignalsBlocked(const EndingSignalsBlocked&) = delete;
  EndingSignalsBlocked& operator=(const EndingSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// For a handler that is about to end the program: true when no EndingSignalsBlocked lives, and none that is
/// made from now on gets beyond its constructor; false when `number` is raised again later, or another thread
/// is ending the program.
bool may_end_now(int number) noexcept;

}  // namespace mrf::io
