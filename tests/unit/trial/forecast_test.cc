// SPDX-License-Identifier: MIT
#include "trial/forecast.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace mrf::trial;
using Json = nlohmann::ordered_json;

Json job(const std::string& name, double user_s, Json command = Json::array(), Json tools = Json::array()) {
  return Json{{"name", name}, {"user_s", user_s}, {"sys_s", 0.5}, {"command", command}, {"tools", tools}};
}

// A third of the additional threads reads.
Threads shared(int threads) { return {1 + threads / 3, 1 + threads - threads / 3}; }

}  // namespace

TEST_CASE("the costs of a run are those of its jobs, by what they do") {
  const Json chunks{{"tool", "mrf-chunks"}, {"filters_s", 7.0}, {"bytes_in", 1000}};
  const Costs costs =
      costs_of({{"wall_s", 3.0},
                {"jobs",
                 {job("read", 1), job("work", 8, Json::array(), Json::array({chunks})),
                  job("join", 2, {"mrf-collect", "-o", "save:/x/out.txt.gz", "in:done"}), job("write", 3)}}});
  CHECK(costs.wall_s == doctest::Approx(3));
  CHECK(costs.read_s == doctest::Approx(1.5));
  CHECK(costs.filter_s == doctest::Approx(7));
  CHECK(costs.pass_s == doctest::Approx(1.5));
  CHECK(costs.write_s == doctest::Approx(6));
  CHECK(costs.bytes == 1000);
  const Costs live = costs_of({{"jobs",
                                {job("split", 1), job("work", 2), job("work", 3),
                                 job("join", 1, {"mrf-collect", "-o", "save:/x/out.txt"})}}});
  CHECK(live.filter_s == doctest::Approx(6));
  CHECK(live.pass_s == doctest::Approx(3));
  CHECK(costs_of(Json::object()).sum_s() == 0);
  CHECK(costs.times(2).filter_s == doctest::Approx(14));
}

TEST_CASE("the busiest stage, or all processors, say how long it takes") {
  const Costs costs{.read_s = 2, .pass_s = 1, .filter_s = 12, .write_s = 5};
  CHECK(expected_s(costs, 1, {1, 1}, 8) == doctest::Approx(12));
  CHECK(expected_s(costs, 4, {1, 1}, 8) == doctest::Approx(5));
  CHECK(expected_s(costs, 4, {1, 5}, 8) == doctest::Approx(3));
  CHECK(expected_s(costs, 8, {3, 5}, 2) == doctest::Approx(10));
}

TEST_CASE("the setting is the smallest one that is as good as any") {
  struct Case {
    std::string name;
    Costs costs;
    Limits limits;
    int workers, threads;
  };
  const std::vector<Case> cases = {
      {"one processor", {.filter_s = 10}, {1, 1, 0, 1}, 1, 0},
      {"the filter alone", {.filter_s = 10}, {4, 4, 4, 8}, 4, 0},
      {"reading limits", {.read_s = 10, .filter_s = 4}, {4, 4, 0, 8}, 1, 0},
      {"writing limits", {.read_s = 1, .filter_s = 4, .write_s = 12}, {8, 8, 8, 16}, 2, 7},
      {"all on few processors", {.read_s = 1, .filter_s = 10, .write_s = 3}, {2, 2, 2, 4}, 2, 0},
      {"a budget", {.filter_s = 10, .write_s = 10}, {4, 4, 4, 4}, 2, 1},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const Setting best = best_setting(one.costs, shared, one.limits);
    CHECK(best.workers + best.threads <= one.limits.all);
    CHECK(best.workers == one.workers);
    CHECK(best.threads == one.threads);
  }
}

TEST_CASE("the default chunks of an input") {
  CHECK(chunks_of(0) == 0);
  CHECK(chunks_of(1) == 1);
  CHECK(chunks_of(std::uint64_t{70} << 20) == 10);
}

TEST_CASE("what a run takes to start is paid once") {
  const Costs smaller{.filter_s = 1.1, .write_s = 1, .wall_s = 3};
  const Costs larger{.filter_s = 2, .write_s = 20, .wall_s = 3, .bytes = 100};
  const Costs fixed = fixed_costs(smaller, 1000, larger, 10000);
  CHECK(fixed.filter_s == doctest::Approx(1));
  CHECK(fixed.write_s == 0);  // faster growth than by a line
  CHECK(fixed.wall_s == doctest::Approx(3));
  const Costs whole = whole_costs(larger, fixed, 10);
  CHECK(whole.filter_s == doctest::Approx(11));
  CHECK(whole.write_s == doctest::Approx(200));
  CHECK(whole.bytes == 1000);
  CHECK(fixed_costs(smaller, 1000, smaller, 1000).sum_s() == 0);
  CHECK(whole_costs(smaller, larger, 10).filter_s == doctest::Approx(1.1));
}

TEST_CASE("chunks are larger where starting takes a large part of the filter's time") {
  struct Case {
    std::string name;
    Starts starts;
    std::optional<std::uint64_t> size;
  };
  const std::vector<Case> cases = {
      {"many starts, no work", {0.03, 0.5, 600'000, 600}, 40'000},
      {"starts that do not count", {0.03, 1000, 600'000, 600}, {}},
      {"few seconds", {0.03, 0.5, 600'000, 16}, {}},
      {"as large as the work needs", {0.03, 60, 600'000, 600}, 6000},
      {"chunks that are large already", {1, 5, 600'000, 17}, {}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK(larger_chunks(one.starts, 4) == one.size);
  }
}
