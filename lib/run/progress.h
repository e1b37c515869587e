// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "run/input_tracker.h"
#include "run/job.h"
#include "run/progress_view.h"
#include "workflow/plan.h"

namespace mrf::run {

enum class ProgressStyle {
  none,
  bar,   ///< one line, drawn again and again
  log,   ///< a line after one second and then every ten seconds
  json,  ///< a JSON object a line: the events of mrf-run(1)
};

struct ProgressOptions {
  ProgressStyle style = ProgressStyle::none;
  int fd = 2;  ///< where events of JSON go
};

/// "auto" (a bar when standard error is a terminal, else log), "bar", "log", "none", "json" or "json:FD".
/// Throws UsageError, for a descriptor that is not open for writing too. Such a descriptor is closed on exec:
/// jobs do not get it.
ProgressOptions parse_progress(const std::string& text);

/// Writes an event as one line, whole, of less than PIPE_BUF bytes. One that `may_be_lost` is left out when
/// the reader is so slow that the run would wait for it; errors are ignored.
void write_event(const ProgressOptions& options, const Json& event, bool may_be_lost);

/// The job that was busy for most of the last second.
class BusiestJob {
 public:
  using Clock = std::chrono::steady_clock;

  explicit BusiestJob(const workflow::Plan& plan)
      : plan_(plan), busy_(plan.jobs.size()), cpu_(plan.jobs.size()) {}
  /// Looks once a second. The job's name without its number; empty before the first look.
  const std::string& update(Clock::time_point now, const std::vector<Job>& jobs);

 private:
  const workflow::Plan& plan_;
  std::vector<double> busy_;  // Job::busy at the last look
  std::vector<double> cpu_;
  Clock::time_point looked_at_ = Clock::now();
  std::string name_;
};

/// Shows on standard error how far the input has been read.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` outlives the progress.
  Progress(const workflow::Plan& plan, ProgressOptions options);
  /// Takes the bar away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// To be called about ten times a second.
  void update(Clock::time_point now, const InputPosition& position, const std::vector<Job>& jobs);

 private:
  ProgressOptions options_;
  BusiestJob busiest_;
  std::size_t busiest_columns_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point say_at_;
};

}  // namespace mrf::run
