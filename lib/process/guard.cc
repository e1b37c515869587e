// SPDX-License-Identifier: MIT
#include "process/guard.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/message.h"
#include "process/descendants.h"
#include "process/outcome.h"
#include "process/proc_tree.h"
#include "process/run_signals.h"

namespace mrf {

namespace {

[[noreturn]] void supervise_in_child(pid_t front, const std::function<int()>& supervise) {
  // Out of reach of what kills the front's whole group; its writes to a terminal are not to stop it there.
  ::setpgid(0, 0);
  ::signal(SIGTTOU, SIG_IGN);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != front) ::raise(SIGTERM);
  adopt_orphans();
  ::_exit(supervise());
}

void signal_each(pid_t root, int number) {
  for (const pid_t pid : process_tree(root)) ::kill(pid, number);
}

// The supervisor and the jobs are in groups of their own, where the terminal does not stop them.
void stop_with(pid_t child) {
  signal_each(child, SIGSTOP);
  ::raise(SIGSTOP);
  signal_each(child, SIGCONT);
}

// Passes signals on until the child can be waited for.
int wait_for(pid_t child, FdRef signals) {
  for (;;) {
    int wait_status = 0;
    const pid_t pid = ::waitpid(child, &wait_status, WNOHANG);
    if (pid == child || (pid < 0 && errno != EINTR)) return wait_status;
    pollfd polled{signals.get(), POLLIN, 0};
    if (::poll(&polled, 1, -1) < 0) continue;
    signalfd_siginfo info{};
    while (::read(signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      const int number = static_cast<int>(info.ssi_signo);
      if (number == SIGTSTP) {
        stop_with(child);
      } else if (number != SIGCHLD) {
        ::kill(child, number);
      }
    }
  }
}

}  // namespace

int run_guarded(const std::function<int()>& supervise, const std::function<void()>& clean_up) {
  const Fd signals = front_signal_fd();
  adopt_orphans();
  const pid_t front = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    const SystemError error("start", "supervisor");
    clean_up();
    throw error;
  }
  if (child == 0) supervise_in_child(front, supervise);
  const Outcome outcome = Outcome::of_wait_status(wait_for(child, signals));
  kill_descendants();
  // The supervisor blocks these: it has ended itself by one, when the run was over and cleaned up.
  if (ends_run(outcome.signal())) die_of(outcome.signal());
  if (outcome.signal() != 0) {
    clean_up();
    say(fmt::format("cannot finish 'supervisor': {}", outcome.describe()));
  }
  return outcome.status();
}

}  // namespace mrf
