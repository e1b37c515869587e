// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "workflow/plan.h"

namespace mrf::run {

/// The one of some jobs (at least one) that stands first in the flow of data: none of the others stands
/// before it. Linear in the plan.
std::size_t first_in_flow(const workflow::Plan& plan, const std::vector<std::size_t>& jobs);

}  // namespace mrf::run
