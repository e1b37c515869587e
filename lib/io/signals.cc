// SPDX-License-Identifier: MIT
#include "io/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>
#include <mutex>

#include "base/status.h"

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

// A handler first notes the signal and then looks whether such an object lives. So either the handler sees
// this object, or the destructor sees the signal. It is raised for the process, since this thread may have it
// blocked.
EndingSignalsBlocked::~EndingSignalsBlocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  if (--held > 0) return;
  if (const int number = came.exchange(0); number != 0) ::kill(::getpid(), number);
}

bool may_end_now(int number) noexcept {
  came = number;
  int nobody = 0;
  return held.compare_exchange_strong(nobody, ending);
}

namespace {

std::atomic<int> signal_that_came{0};
std::atomic<int> immediate_endings{0};
static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<int> wakeup{-1};  ///< an eventfd(2), readable when a signal came

std::mutex interruption_mutex;
int interruption_scopes = 0;
struct sigaction former_actions[ending_signals.size()];

void restore_actions() {
  for (std::size_t i = 0; i < ending_signals.size(); ++i)
    ::sigaction(ending_signals[i], &former_actions[i], nullptr);
}

void take_signal(int number) {
  const int error = errno;
  signal_that_came = number;
  (void)::eventfd_write(wakeup, 1);
  restore_actions();
  if (immediate_endings > 0) ::raise(number);  // comes when this handler has returned
  errno = error;
}

}  // namespace

InterruptionScope::InterruptionScope() {
  const std::lock_guard lock(interruption_mutex);
  if (interruption_scopes++ > 0) return;
  if (wakeup < 0)
    wakeup = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);  // without one the sleeps are not cut short
  const EndingSignalsBlocked blocked;
  for (std::size_t i = 0; i < ending_signals.size(); ++i)
    ::sigaction(ending_signals[i], nullptr, &former_actions[i]);
  struct sigaction action {};
  action.sa_handler = take_signal;
  sigfillset(&action.sa_mask);
  for (std::size_t i = 0; i < ending_signals.size(); ++i) {
    if (former_actions[i].sa_handler != SIG_IGN) ::sigaction(ending_signals[i], &action, nullptr);
  }
}

InterruptionScope::~InterruptionScope() {
  const std::lock_guard lock(interruption_mutex);
  if (--interruption_scopes > 0) return;
  const EndingSignalsBlocked blocked;
  restore_actions();
}

ImmediateEndings::ImmediateEndings() {
  ++immediate_endings;
  if (const int number = interrupted(); number != 0) {
    --immediate_endings;
    throw Interrupted{number};
  }
}

ImmediateEndings::~ImmediateEndings() { --immediate_endings; }

int interrupted() noexcept { return signal_that_came; }

void throw_if_interrupted() {
  if (const int number = interrupted(); number != 0) throw Interrupted{number};
}

void sleep_unless_interrupted(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  for (auto left = time; left.count() > 0 && interrupted() == 0;
       left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now())) {
    pollfd event{wakeup, POLLIN, 0};
    const auto most = std::chrono::milliseconds(std::numeric_limits<int>::max());
    (void)::poll(&event, 1, static_cast<int>(std::min(left, most).count()));
  }
}

void die_of_signal(int number) {
  ::signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(number);
  ::_exit(base::signal_status_base + number);
}

}  // namespace mrf::io
