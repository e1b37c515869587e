// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "run/supervisor.h"
#include "workflow/plan.h"
#include "workflow/short_form.h"

namespace mrf::run {

struct RunOptions {
  SupervisorOptions supervisor;
  std::string report_path;  ///< "-" is standard output, empty: none; written before the results are published
  bool show_table = false;  ///< on standard error, at the end
  bool keep_directory = false;
  std::string keep_failed;     ///< the directory in which failures are kept; "" none
  bool is_short_form = false;  ///< hints name its options
  std::vector<workflow::FailureHint> hints;
};

/// Runs a plan: makes its workspace, starts and supervises its jobs, publishes its results when all have
/// succeeded, reports, and leaves nothing else behind. Returns mrf-run's exit status. Throws Error
/// when the workspace cannot be made.
int run_plan(const workflow::Plan& plan, const RunOptions& options);

}  // namespace mrf::run
