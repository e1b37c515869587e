// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "workflow/plan.h"

namespace mrf::workflow {

/// A bash script (5.1 or later) that does what the plan does, as far as bash can (mrf-run(1), --print-sh).
std::string script_text(const Plan& plan);

}  // namespace mrf::workflow
