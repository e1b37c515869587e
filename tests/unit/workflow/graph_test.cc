// SPDX-License-Identifier: MIT
#include "workflow/graph.h"

#include <doctest/doctest.h>

namespace {

// Job 3 reads what 1 and 2 write, these what 0 writes, and 4 stands alone; named in another order than they
// flow.
mrf::workflow::Plan diamond() {
  mrf::workflow::Plan plan;
  plan.jobs.resize(5);
  plan.fifos = {{"c", {1}, 3}, {"d", {2}, 3}, {"a", {0}, 1}, {"b", {0}, 2}};
  return plan;
}

}  // namespace

TEST_CASE("the job that stands first in the flow of data, in whatever order they are named") {
  const mrf::workflow::Plan plan = diamond();
  CHECK(mrf::workflow::first_in_flow(plan, {3, 1}) == 1);
  CHECK(mrf::workflow::first_in_flow(plan, {2, 3, 0}) == 0);
  CHECK(mrf::workflow::first_in_flow(plan, {3}) == 3);
  CHECK(mrf::workflow::first_in_flow(plan, {3, 4}) == 4);
}

TEST_CASE("a chain of 200,000 jobs takes no time to speak of") {
  mrf::workflow::Plan plan;
  constexpr std::size_t jobs = 200000;
  plan.jobs.resize(jobs);
  for (std::size_t at = 1; at < jobs; ++at) plan.fifos.push_back({"f", {jobs - at}, jobs - at - 1});
  std::vector<std::size_t> all(jobs);
  for (std::size_t at = 0; at < jobs; ++at) all[at] = at;
  CHECK(mrf::workflow::first_in_flow(plan, all) == jobs - 1);
}
