// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>

#include "io/fd.h"
#include "process/launch.h"
#include "process/outcome.h"
#include "run/stderr_tail.h"

namespace mrf::run {

/// A job's state, and what takes it to the next one:
///   planned  --launched-->                      starting
///   starting --its command runs-->              running
///   starting --it cannot, process reaped-->     ended (status 1, 126 or 127)
///   running  --process reaped-->                ended (its exit status or signal)
///   running  --KILL does not end it-->          ended (no outcome)
///   planned  --the run stopped before it-->     ended (no outcome)
/// A job of a later round of a section is planned until that round begins.
enum class JobState { planned, starting, running, ended };

/// One job while the run lasts and after it.
struct JobRecord {
  JobState state = JobState::planned;
  pid_t pid = -1;
  io::Fd failure_pipe;
  std::optional<process::StartFailure> failure;
  std::unique_ptr<StderrTail> standard_error;
  std::optional<process::Outcome> outcome;
  bool has_left_records = false;  ///< it succeeded before it had read what mrf-distribute wrote for it
  std::chrono::steady_clock::time_point started;
  std::chrono::duration<double> wall{0};
  rusage usage{};  ///< of the job and the descendants it waited for (wait4(2))

  bool is_alive() const { return pid > 0 && state != JobState::ended; }
};

}  // namespace mrf::run
