// SPDX-License-Identifier: MIT
#include "fetch/repeated_reasons.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using mrf::fetch::RepeatedReasons;

namespace {

std::vector<std::string> repeated_in(const RepeatedReasons& reasons) {
  std::vector<std::string> lines;
  reasons.for_each_repeated([&](const std::string& reason, const std::string& host, std::size_t more) {
    lines.push_back(reason + "|" + host + "|" + std::to_string(more));
  });
  return lines;
}

}  // namespace

TEST_CASE("a reason is said once for a host, and once for all when it names its object") {
  RepeatedReasons reasons;
  CHECK(reasons.is_to_be_said("http://a", "busy", 1));
  CHECK_FALSE(reasons.is_to_be_said("http://a", "busy", 2));
  CHECK(reasons.is_to_be_said("http://b", "busy", 2));
  CHECK(reasons.is_to_be_said("http://a", "not found", 2));
  CHECK(reasons.is_to_be_said("s3://a", "cannot ask 'x': busy", 3));
  CHECK_FALSE(reasons.is_to_be_said("s3://b", "cannot ask 'x': busy", 4));
  CHECK_FALSE(reasons.is_to_be_said("s3://b", "cannot ask 'x': busy", 5));
  CHECK(repeated_in(reasons) == std::vector<std::string>{"cannot ask 'x': busy||2", "busy|http://a|1"});
}

TEST_CASE("a reason is said again by its first speaker, and at a later attempt than any before") {
  RepeatedReasons reasons;
  CHECK(reasons.is_to_be_said("h", "busy", 1, 1));
  CHECK(reasons.is_to_be_said("h", "busy", 1, 1));
  CHECK_FALSE(reasons.is_to_be_said("h", "busy", 2, 1));
  CHECK(reasons.is_to_be_said("h", "busy", 2, 2));
  CHECK_FALSE(reasons.is_to_be_said("h", "busy", 3, 2));
  CHECK(reasons.is_to_be_said("h", "busy", 1, 2));
  CHECK(repeated_in(reasons) == std::vector<std::string>{"busy|h|2"});
}
