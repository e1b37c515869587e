// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "object_plan_bench.h"

using namespace object_plan_bench;

TEST_CASE("plan: the count of attempts starts again when one has brought something beside the data") {
  Bench bench({100, 100, 64, 4, 3}, 1);
  const auto fails = [&](bool has_news) {
    bench.time(std::chrono::seconds(9));
    bench.head(0, head_of({"HTTP/1.1 503 Slow Down"}));
    return bench.end(0, {EndingKind::complete, "", has_news});
  };
  const Texts warned{"warn cannot fetch 'http://h/x': Slow Down (HTTP 503); trying again in 0.2 s (1 of 1)"};
  for (int times = 0; times < 5; ++times) CHECK(fails(true) == warned);
  CHECK(fails(false) == Texts{"fail 5 cannot fetch 'http://h/x': Slow Down (HTTP 503), 2 times"});
}
