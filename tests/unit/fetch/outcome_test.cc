// SPDX-License-Identifier: MIT
#include "fetch/outcome.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using mrf::fetch::Outcome;
using End = Outcome::End;

namespace {

Outcome outcome(End end, const std::string& target, const std::string& verified_by,
                const std::string& doubt = "", bool size_is_known = true) {
  Outcome one;
  one.end = end;
  one.target = target;
  one.bytes = 100;
  one.verified_by = verified_by;
  one.doubt = doubt;
  one.size_is_known = size_is_known;
  return one;
}

}  // namespace

TEST_CASE("the summary counts each end, and those that nothing verified") {
  std::vector<Outcome> outcomes{
      outcome(End::fetched, "a", "md5"), outcome(End::fetched, "b", "", "no checksum"),
      outcome(End::there, "c", "md5"),   outcome(End::there, "d", ""),
      outcome(End::failed, "e", ""),     outcome(End::untried, "f", "")};
  outcomes[0].continued = 30;
  const auto counts = mrf::fetch::count_outcomes(outcomes);
  CHECK(mrf::fetch::summary_of(counts, 1.26, false) ==
        "fetched 2 of 6 files, 170 bytes in 1.3 s; 2 there already, 2 unverified, 1 failed, 1 not tried");
  CHECK(mrf::fetch::summary_of({3, 0, 3, 1, 0, 0, 0, 0}, 1, true) ==
        "verified 2 of 3 files; 1 unverified, 0 failed");
}

TEST_CASE("each reason of doubt is said once, with the first file and what the sizes show") {
  const std::vector<Outcome> outcomes{
      outcome(End::fetched, "a", "", "x"),       outcome(End::fetched, "b", "", "y"),
      outcome(End::fetched, "c", "", "x"),       outcome(End::fetched, "d", "", "x", false),
      outcome(End::failed, "e", "", "not said"), outcome(End::there, "f", "")};
  CHECK(mrf::fetch::doubts_of(outcomes) ==
        std::vector<std::string>{"2 files are unverified, the first is 'a': x; their sizes agree",
                                 "'b' is unverified: y; size 100 B agrees",
                                 "'d' is unverified: x; the server did not say how many bytes there are, so "
                                 "a missing end may not show"});
}

TEST_CASE("the report is JSON, whatever names hold") {
  const std::vector<Outcome> outcomes{outcome(End::fetched, "a\n\"\xff", "md5"),
                                      outcome(End::failed, "b", "")};
  const auto report =
      nlohmann::json::parse(mrf::fetch::report_text({"getm-fetch", "1", "", 3, 7, 0.5}, outcomes));
  CHECK(report["list"].is_null());
  CHECK(report["status"] == 3);
  CHECK(report["outcomes"].size() == 2);
  CHECK(report["outcomes"][0]["target"] == "a\n\"\xef\xbf\xbd");
  CHECK(nlohmann::json::parse(mrf::fetch::report_text({}, {}))["outcomes"].empty());
  CHECK(mrf::fetch::file_event(outcomes[0]).find('\n') == std::string::npos);
}

TEST_CASE("the checksum list has the files with a digest") {
  auto one = outcome(End::fetched, "a", "");
  one.digest = "0123456789abcdef";
  auto to_pipe = one;
  to_pipe.target = "standard output";
  CHECK(mrf::fetch::checksum_list_of({one, outcome(End::failed, "b", ""), to_pipe}) ==
        "30313233343536373839616263646566  a\n30313233343536373839616263646566  -\n");
}
