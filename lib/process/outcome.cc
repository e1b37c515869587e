// SPDX-License-Identifier: MIT
#include "process/outcome.h"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/status.h"

namespace mrf::process {

Outcome Outcome::of_wait_status(int wait_status) {
  if (WIFSIGNALED(wait_status))
    return {base::signal_status_base + WTERMSIG(wait_status), WTERMSIG(wait_status)};
  return {WEXITSTATUS(wait_status), 0};
}

Outcome Outcome::of_start_failure(int status) { return {status, 0}; }

bool Outcome::is_broken_pipe() const { return status_ == base::signal_status_base + SIGPIPE; }

bool Outcome::is_by_signal() const {
  return status_ > base::signal_status_base && status_ < base::signal_status_base + SIGRTMIN;
}

std::string Outcome::describe() const {
  const int told = status_ - base::signal_status_base;
  if (signal_ == 0 && is_by_signal())
    return fmt::format("exit status {}: a shell says so when signal {} ({}) ended its command", status_, told,
                       ::strsignal(told));
  if (signal_ == 0) return fmt::format("exit status {}", status_);
  return fmt::format("signal {} ({})", signal_, ::strsignal(signal_));
}

}  // namespace mrf::process
