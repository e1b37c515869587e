// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "run/job_record.h"
#include "workflow/plan.h"

namespace mrf {

/// Of the jobs that have ended, one that failed; of several, one that was not ended by a broken pipe. A job
/// that SIGPIPE ended (or that says so with status 141) has not failed when a reader of one of its FIFOs
/// was through before it and succeeds; as long as a reader runs, that is open.
std::optional<std::size_t> first_bad(const Plan& plan, const std::vector<JobRecord>& jobs);

}  // namespace mrf
