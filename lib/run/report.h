// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "run/supervisor.h"
#include "run/tool_stats.h"
#include "workflow/plan.h"

namespace mrf::run {

/// What is known of a report before the run: the jobs and FIFOs.
Json describe_plan(const workflow::Plan& plan);

/// The report of a run, with the members that mrf-run(1) describes under REPORT. `status` is mrf-run's own;
/// `is_published` says whether the results have their names.
Json make_report(const workflow::Plan& plan, const Supervisor& supervisor, const ToolStats& tools, int status,
                 bool is_published);

/// The name of the job (or job array) that the others waited for: the one that was busy for most of the run
/// (Supervisor::busy_share()). Empty when no sample was taken, or there are no FIFOs.
std::string find_bottleneck(const workflow::Plan& plan, const Supervisor& supervisor);

}  // namespace mrf::run
