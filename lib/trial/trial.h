// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/command_piece.h"
#include "run/run.h"
#include "workflow/short_form.h"

namespace mrf::trial {

struct TrialOptions {
  std::uint64_t records = 200'000;         ///< of the input at most
  run::RunOptions run;                     ///< of each run of the trial
  std::vector<base::CommandPiece> pieces;  ///< of the command line
};

/// Runs the filter of `form`, whose starts are known, on the first records of its inputs: alone, then as
/// copies with two different cuts of the records; prints on standard output whether the results are the same,
/// and what the whole input would take. Publishes nothing, and leaves nothing behind but what the filter
/// itself makes. Returns the exit status: 0 when the results are the same, that of a run that failed, which
/// has said why. Throws DataError when the results differ or there are too few records, UsageError for an
/// input that can be read only once, what run::check_plan() throws, and Error when the filter does not come
/// to an end or writes without one.
int try_filter(const workflow::ShortForm& form, const TrialOptions& options);

}  // namespace mrf::trial
