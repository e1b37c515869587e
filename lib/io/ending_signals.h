// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <array>

namespace mrf {

/// What ends a program that has temporaries to remove.
inline constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP};

/// They wait in this thread as long as the object lives.
class EndingSignalsBlocked {
 public:
  EndingSignalsBlocked() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : ending_signals) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  ~EndingSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  EndingSignalsBlocked(const EndingSignalsBlocked&) = delete;
  EndingSignalsBlocked& operator=(const EndingSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace mrf
