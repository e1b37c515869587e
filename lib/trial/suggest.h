// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/command_piece.h"
#include "trial/account.h"
#include "trial/forecast.h"
#include "workflow/short_form.h"

namespace mrf::trial {

/// What the runs of a trial have measured. Times are seconds of one processor.
struct Measured {
  Costs alone;                ///< of the filter alone, on the sample
  std::uint64_t records = 0;  ///< of the sample
  std::optional<double>
      share;              ///< of the input that the sample is; empty where the input's size is not known
  double sampling_s = 0;  ///< of the reader that took the sample
  Costs fixed;            ///< what a run takes whatever its records are
  bool is_first_sample = false;  ///< there is no other one, so that `fixed` has nothing of the filter
  bool is_chunked = false;       ///< copies are started for chunks
  double start_s = 0;            ///< that starting the filter takes
  double pass_s = 0;             ///< Costs::pass_s of the copies, the most
};

/// Measures what the whole input would take with the result at level 1, given what it takes and the wall time
/// that is expected; empty where level 1 is not worth a try.
using AtLevel1 = std::function<std::optional<Costs>(const Costs& whole, double expected_s)>;

/// The threads that the reader and the writer of `form` have with -@ N.
Threads threads_for(const workflow::ShortForm& form, int threads);

/// Puts into `account` what the whole input would take, and the command line to run: the given one of
/// these pieces, with the best options. Throws what `at_level_1` throws.
void suggest(const workflow::ShortForm& form, const std::vector<base::CommandPiece>& pieces,
             const Measured& measured, const AtLevel1& at_level_1, Account& account);

}  // namespace mrf::trial
