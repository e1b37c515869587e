// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "run/busy_watch.h"
#include "run/fifo_set.h"
#include "run/job_record.h"
#include "run/run_progress.h"
#include "run/stall_watch.h"
#include "workflow/plan.h"

namespace mrf::run {

struct MonitorOptions {
  bool show_progress = false;
  std::chrono::milliseconds stall_timeout{0};  ///< 0: never
};

/// What looks at a run while it goes on, ten times a second: the fullness of its FIFOs for the report, the
/// progress and the stall diagnosis.
class Monitor {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` outlives the monitor.
  Monitor(const workflow::Plan& plan, const MonitorOptions& options);

  /// When look() wants to be called.
  Clock::time_point due() const { return due_; }
  void look(Clock::time_point now, FifoSet& fifos, const std::vector<JobRecord>& jobs);
  const BusyWatch& busy() const { return busy_; }
  /// The run is over: nothing more is shown.
  void finish() { progress_.reset(); }

 private:
  Clock::time_point due_;
  BusyWatch busy_;
  std::optional<RunProgress> progress_;
  std::optional<StallWatch> stall_;
};

}  // namespace mrf::run
