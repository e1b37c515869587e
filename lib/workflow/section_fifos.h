// SPDX-License-Identifier: MIT
#pragma once

#include "workflow/plan.h"

namespace mrf::workflow {

/// Gives a FIFO that is written and read inside a section a name of its own in every round ("sam@2"), so that
/// no round sees another one's end-of-file. Throws WorkflowError for one that is read inside, but
/// written outside.
void give_rounds_their_fifos(Plan& plan);

}  // namespace mrf::workflow
