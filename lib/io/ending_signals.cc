// SPDX-License-Identifier: MIT
#include "io/ending_signals.h"

#include <unistd.h>

#include <atomic>

namespace mrf::io {

namespace {

constexpr int ending = -1;

std::atomic<int> held{0};  ///< the EndingSignalsBlocked that live, or `ending`
std::atomic<int> came{0};  ///< a signal that waits for them

static_assert(std::atomic<int>::is_always_lock_free);

}  // namespace

EndingSignalsBlocked::EndingSignalsBlocked() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : ending_signals) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  for (int count = held; !held.compare_exchange_weak(count, count + 1);) {
    while (held == ending) ::pause();  // the other thread ends this one, too
    count = held;
  }
}

// A handler says first what came and looks then who lives: either it sees this object, or this sees what
// came.
EndingSignalsBlocked::~EndingSignalsBlocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  if (--held > 0) return;
  if (const int number = came.exchange(0); number != 0) ::raise(number);
}

bool may_end_now(int number) noexcept {
  came = number;
  int nobody = 0;
  return held.compare_exchange_strong(nobody, ending);
}

}  // namespace mrf::io
