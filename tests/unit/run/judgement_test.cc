// SPDX-License-Identifier: MIT
#include "run/judgement.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace {

// A chain of jobs 0 -> 1 -> 2 ... with the statuses that are known, -1 for a job that runs.
std::optional<std::size_t> judge(const std::vector<int>& statuses, bool lost_reader = true) {
  mrf::Plan plan;
  std::vector<mrf::JobRecord> jobs(statuses.size());
  for (std::size_t at = 0; at < statuses.size(); ++at) {
    plan.jobs.emplace_back().name = "job" + std::to_string(at);
    if (at > 0) plan.fifos.push_back({"f" + std::to_string(at), {at - 1}, at});
    if (statuses[at] >= 0) jobs[at].outcome = mrf::Outcome::of_start_failure(statuses[at]);
    jobs[at].lost_reader = lost_reader;
  }
  return mrf::first_bad(plan, jobs);
}

constexpr int runs = -1;
constexpr int broken_pipe = 141;

}  // namespace

TEST_CASE("success and running jobs are not bad") {
  CHECK(judge({0, 0, 0}) == std::nullopt);
  CHECK(judge({runs, 0, runs}) == std::nullopt);
}

TEST_CASE("any other status is") {
  CHECK(judge({runs, 7, runs}) == 1);
  CHECK(judge({0, 0, 1}) == 2);
}

TEST_CASE("a broken pipe is no failure behind a reader that succeeded, however far") {
  CHECK(judge({broken_pipe, 0}) == std::nullopt);
  CHECK(judge({broken_pipe, broken_pipe, broken_pipe, 0}) == std::nullopt);
}

TEST_CASE("a broken pipe waits for the reader's end, and follows it") {
  CHECK(judge({broken_pipe, runs}) == std::nullopt);
  CHECK(judge({broken_pipe, broken_pipe, runs}) == std::nullopt);
  CHECK(judge({broken_pipe, 7}) == 1);
}

TEST_CASE("a broken pipe towards nobody in the run is a failure") {
  CHECK(judge({0, broken_pipe}) == 1);
  CHECK(judge({broken_pipe, broken_pipe}) == 0);
}

TEST_CASE("a broken pipe that is not of a reader in the run is a failure") {
  CHECK(judge({broken_pipe, 0}, false) == 0);
  CHECK(judge({broken_pipe, runs}, false) == 0);
}
