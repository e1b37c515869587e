// SPDX-License-Identifier: MIT
#include "collect/rate_log.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

TEST_CASE("a line tells the number, the time and the rates") {
  const mrf::collect::RateLog log(10, "{records}, {{}} {seconds}{rate}|{mean}");
  const auto begin = mrf::collect::RateLog::Clock::now();
  const std::string line = log.line(3000, begin + std::chrono::seconds(2));
  CHECK(line.starts_with("3000, {} 2.0"));
  CHECK((line.ends_with("1500|1500") || line.ends_with("1499|1499")));
}

TEST_CASE("a format with an unknown field or a single brace is refused") {
  for (const char* format : {"{x}", "{", "a}", "{records", "{}", "{records}}"}) {
    CHECK_THROWS_AS(mrf::collect::RateLog(1, format), mrf::base::UsageError);
  }
  CHECK(mrf::collect::RateLog(1, "").line(1, mrf::collect::RateLog::Clock::now()).empty());
}
