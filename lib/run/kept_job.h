// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "run/job.h"
#include "run/workspace.h"
#include "workflow/plan.h"

namespace mrf::run {

/// Keeps what a failed job was given last, with what repeats it, in `directory` (process::keep_failure()):
/// the records that the mrf-distribute --keep-last in front of its standard input kept. Returns what a
/// message says of it: where it is, and how much of what the job was given; that nothing is kept; ""
/// when there is no such mrf-distribute. Throws Error.
std::string keep_failed_job(const std::string& directory, const workflow::Plan& plan,
                            const Workspace& workspace, std::size_t at, const Job& job);

}  // namespace mrf::run
