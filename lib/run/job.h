// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "io/fd.h"
#include "io/last_lines.h"
#include "io/pipe_lines.h"
#include "process/launch.h"
#include "process/outcome.h"
#include "run/workspace.h"

namespace mrf::run {

/// A job's standard error: passed on to ours in whole lines, and its last lines kept for the report.
class StderrTail {
 public:
  /// `prefix` is put before every line that is passed on. `names`, which says how the lines of `job` are
  /// shown, outlives the object. `keeps_text`: for text().
  StderrTail(io::Fd pipe, std::string prefix, const DisplayNames& names, std::size_t job, bool keeps_text);
  StderrTail(const StderrTail&) = delete;
  StderrTail& operator=(const StderrTail&) = delete;

  io::FdRef fd() const { return lines_.fd(); }
  /// PipeLines::pump() and finish().
  bool pump() { return lines_.pump(); }
  void finish() { lines_.finish(); }
  const std::deque<std::string>& last_lines() const { return last_lines_; }
  /// More of the last lines, for --keep-failed.
  const std::string& text() const { return text_.text(); }

 private:
  void pass_on(std::string line);

  std::string prefix_;
  const DisplayNames& names_;
  std::size_t job_;
  const bool keeps_text_;
  std::deque<std::string> last_lines_;
  io::LastLines text_;
  io::PipeLines lines_;
};

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
struct Job {
  JobState state = JobState::planned;
  pid_t pid = -1;
  io::Fd failure_pipe;
  std::optional<process::StartFailure> failure;
  std::unique_ptr<StderrTail> standard_error;
  std::optional<process::Outcome> outcome;
  bool has_left_records = false;  ///< it succeeded before it had read what mrf-distribute wrote for it
  std::chrono::steady_clock::time_point started;
  std::chrono::duration<double> wall{0};
  rusage usage{};   ///< of the job and the descendants it waited for (wait4(2))
  double busy = 0;  ///< samples at which it ran and had something to read and room to write; see sample()

  std::size_t threads = 0;  ///< the most that its processes were seen to have at a time, for the report

  bool is_alive() const { return pid > 0 && state != JobState::ended; }
};

}  // namespace mrf::run
