// SPDX-License-Identifier: MIT
// A thread of its own waits for the signals: the main thread may be in a write(2) that lasts, and a handler
// may not look through /proc.
#include "process/descendants_guard.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "io/signals.h"
#include "process/child.h"
#include "process/proc_tree.h"

namespace mrf::process {

DescendantsGuard::DescendantsGuard() : spared_(children_of_process()) {
  adopt_orphans();
  sigemptyset(&signals_);
  for (const int number : io::ending_signals) {
    if (!is_ignored(number)) sigaddset(&signals_, number);
  }
  signal_ = io::Fd(io::adopt_fd, ::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
  over_ = io::Fd(io::adopt_fd, ::eventfd(0, EFD_CLOEXEC));
  if (!signal_.is_open() || !over_.is_open()) throw base::SystemError("wait for", "signals");
  // No signal is for that thread: CHLD would be lost there, which others wait for.
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  try {
    thread_ = std::thread([this] { watch(); });
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    throw base::SystemError("start", "thread", EAGAIN);
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

DescendantsGuard::~DescendantsGuard() {
  wait_if_ending();
  ::eventfd_write(over_.get(), 1);
  thread_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void DescendantsGuard::kill_all() const noexcept { kill_descendants(spared_); }

void DescendantsGuard::wait_if_ending() const noexcept {
  while (is_ending_) ::pause();
}

void DescendantsGuard::watch() noexcept {
  std::array<pollfd, 2> ends{{{signal_.get(), POLLIN, 0}, {over_.get(), POLLIN, 0}}};
  while (ends[0].revents == 0 && ends[1].revents == 0) {
    if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) return;
  }
  signalfd_siginfo news{};
  if (ends[0].revents == 0 || ::read(signal_.get(), &news, sizeof news) != sizeof news) return;
  is_ending_ = true;
  kill_all();
  // The program's own handler ends it, in this thread: now, or when no other thread is at work on a file that
  // the handler removes (io::EndingSignalsBlocked).
  ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  ::pthread_kill(::pthread_self(), static_cast<int>(news.ssi_signo));
  for (;;) ::pause();
}

}  // namespace mrf::process
