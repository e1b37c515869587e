// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "workflow/plan.h"

namespace mrf::workflow {

/// The FIFOs that a plan's jobs name, each with its one writer and one reader. Throws WorkflowError.
std::vector<PlannedFifo> connect(const Plan& plan);

/// Throws WorkflowError when a job's output comes back to it, naming the jobs on the way.
void check_acyclic(const Plan& plan);

}  // namespace mrf::workflow
