// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "workflow/short_form.h"

namespace mrf::workflow {

/// What to say besides when a job fails whose last lines on standard error hold a text.
struct FailureHint {
  std::string job;    ///< its name without the number
  std::string holds;  ///< a part of one of these lines; empty: whatever they are
  std::string text;
  bool is_of_first_copy = false;  ///< not of the copies after it
};

/// What the failure of a job may mean for the options of the short form, or of the short form of a shard. Of
/// those that fit, the first one is to be said.
std::vector<FailureHint> failure_hints(const ShortForm& form);

}  // namespace mrf::workflow
