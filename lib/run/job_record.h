// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "io/fd.h"
#include "process/launch.h"
#include "process/outcome.h"
#include "run/stderr_tail.h"

namespace mrf {

/// A job's state, and what takes it to the next one:
///   planned  --launched-->                      starting
///   starting --its command runs-->              running
///   starting --it cannot, process reaped-->     ended (status 1, 126 or 127)
///   running  --process reaped-->                ended (its exit status or signal)
///   planned  --the run stopped before it-->     ended (no outcome)
/// A job of a later round of a section is planned until that round begins.
enum class JobState { planned, starting, running, ended };

/// One job while the run lasts and after it.
struct JobRecord {
  JobState state = JobState::planned;
  pid_t pid = -1;
  Fd failure_pipe;
  std::optional<StartFailure> failure;
  std::unique_ptr<StderrTail> standard_error;
  std::optional<Outcome> outcome;
  /// When it ended, a reader of one of its FIFOs was through already: SIGPIPE may have come from there.
  bool lost_reader = false;
  std::chrono::steady_clock::time_point started;
  std::chrono::duration<double> wall{0};
  rusage usage{};  ///< of the job and the descendants it waited for (wait4(2))
};

/// True while a job is neither through nor given up.
bool any_left(const std::vector<JobRecord>& jobs);

/// To the process group of every job that runs, and CONT after it.
void signal_all(const std::vector<JobRecord>& jobs, int signal);

}  // namespace mrf
