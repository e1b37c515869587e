// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "run/supervisor.h"
#include "workflow/failure_hints.h"
#include "workflow/plan.h"

namespace mrf::run {

struct RunOptions {
  SupervisorOptions supervisor;
  std::string report_path;  ///< "-" is standard output, empty: none; written before the results are published
  bool show_table = false;  ///< on standard error, at the end
  bool keep_directory = false;
  std::string keep_failed;     ///< the directory in which failures are kept; "" none
  bool is_short_form = false;  ///< hints name its options
  std::vector<workflow::FailureHint> hints;
  /// Called when the run has succeeded and its results are published; the watchdog is still there. An Error
  /// that it throws is the run's.
  std::function<void()> on_success;
};

/// How a run ended.
struct RunEnd {
  int status = 0;               ///< mrf-run's exit status
  int signal = 0;               ///< that ended the run, by which the process is to end too; 0 none
  bool is_out_of_time = false;  ///< SupervisorOptions::time_limit ended it, and nothing was said
};

/// Runs a plan: makes its workspace, starts and supervises its jobs, publishes its results when all have
/// succeeded, reports, and leaves nothing else behind. Throws Error when the workspace cannot be made. May be
/// called again.
RunEnd carry_out(const workflow::Plan& plan, const RunOptions& options);

/// The same, and ends this process by the signal that ended the run. Returns mrf-run's exit status.
int run_plan(const workflow::Plan& plan, const RunOptions& options);

}  // namespace mrf::run
