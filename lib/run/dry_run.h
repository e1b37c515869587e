// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "workflow/plan.h"
#include "workflow/short_form.h"

namespace mrf::run {

/// Checks that what the first jobs execute and are redirected to is there, that the results, the report
/// (empty: none) and the FIFOs can be made where they are to be. Starts nothing, makes nothing. Throws Error
/// with the status that the run would end with.
void check_plan(const workflow::Plan& plan, const std::string& report);

/// The same for the files that a short form reads. Throws SystemError.
void check_inputs(const workflow::ShortForm& form);

}  // namespace mrf::run
