// SPDX-License-Identifier: MIT
#include "process/run_signals.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "process/child.h"

namespace mrf::process {

namespace {

constexpr std::array ending_a_run{SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1};

sigset_t run_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTSTP);
  for (const int number : ending_a_run) sigaddset(&set, number);
  // A blocked signal comes by the signalfd(2) though it is ignored.
  for (const int number : stay_ignored) {
    if (is_ignored(number)) sigdelset(&set, number);
  }
  return set;
}

}  // namespace

bool ends_run(int signal) {
  return std::find(ending_a_run.begin(), ending_a_run.end(), signal) != ending_a_run.end();
}

void block_run_signals() {
  sigset_t set = run_signals();
  sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGCHLD, SIG_DFL);
}

io::Fd run_signal_fd() {
  const sigset_t set = run_signals();
  io::Fd fd(io::adopt_fd, ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.is_open()) throw base::SystemError("wait for", "signals");
  return fd;
}

int pending_run_signal() noexcept {
  sigset_t set = run_signals();
  sigdelset(&set, SIGTSTP);
  const timespec at_once{};
  const int number = ::sigtimedwait(&set, nullptr, &at_once);
  return number > 0 ? number : 0;
}

void die_of(int signal) noexcept {
  ::prctl(PR_SET_DUMPABLE, 0);  // QUIT is to leave no core file
  ::signal(signal, SIG_DFL);
  ::raise(signal);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace mrf::process
