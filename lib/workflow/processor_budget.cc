// SPDX-License-Identifier: MIT
#include "workflow/processor_budget.h"

#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "workflow/short_form_choice.h"

namespace mrf::workflow {

namespace {

// The additional threads that the jobs of the short form start when they are given as many as possible.
bool uses_threads(ShortForm form) {
  form.threads = most_threads;
  const ShortFormChoice choice = choose(form);
  return choice.reader_threads + choice.writer_threads > 0;
}

void check(const ShortForm& form, Workers workers) {
  const int cpus = *form.cpus;
  if (cpus < 1) throw base::UsageError("use option", "--cpus", "not a number of 1 or more");
  const auto given = std::int64_t{workers == Workers::given ? form.workers : 1} + form.threads.value_or(0);
  if (given > cpus && given > 1)
    throw base::UsageError("use option", "--cpus",
                           "-n and -@ ask for more processors: leave one of them out");
}

}  // namespace

void share_processors(ShortForm& form, Workers workers) {
  check(form, workers);
  const bool has_threads = uses_threads(form);
  const int spare = std::max(*form.cpus - choose(form).computing_jobs, 0);
  if (!form.threads) {
    // Two workers for one thread, as without a budget: what most filters do takes longer than to inflate and
    // deflate their records.
    const int left = workers == Workers::given ? std::max(spare - form.workers, 0) : spare / 3;
    form.threads = has_threads ? std::min(left, most_threads) : 0;
  }
  if (workers == Workers::open) form.workers = std::max(spare - (has_threads ? *form.threads : 0), 1);
}

}  // namespace mrf::workflow
