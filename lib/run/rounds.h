// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "run/job_record.h"
#include "workflow/plan.h"

namespace mrf::run {

/// Which rounds of a plan's sections have begun.
class RoundCounter {
 public:
  /// `plan` outlives the counter.
  explicit RoundCounter(const workflow::Plan& plan) : plan_(plan), begun_(plan.sections.size(), 1) {}

  /// The jobs that begin with the run: all but those of later rounds.
  std::vector<std::size_t> first() const;
  /// The jobs of every section's next round whose last round has ended; they count as begun.
  std::vector<std::size_t> take_next(const std::vector<JobRecord>& jobs);

 private:
  const workflow::Plan& plan_;
  std::vector<std::size_t> begun_;
};

}  // namespace mrf::run
