// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "workflow/plan.h"

namespace mrf::workflow {

/// The FIFOs that a plan's jobs name, each with its one writer and one reader. Throws WorkflowError.
std::vector<PlannedFifo> connect(const Plan& plan);

/// Throws WorkflowError when a job's output comes back to it, naming the jobs on the way.
void check_acyclic(const Plan& plan);

/// Gives a FIFO that is written and read inside a section a name of its own in every round ("sam@2"), so that
/// no round sees another one's end-of-file. Throws WorkflowError for one that is read inside, but
/// written outside.
void give_rounds_their_fifos(Plan& plan);

/// The one of some jobs (at least one) that stands first in the flow of data: none of the others stands
/// before it. Linear in the plan.
std::size_t first_in_flow(const Plan& plan, const std::vector<std::size_t>& jobs);

}  // namespace mrf::workflow
