// SPDX-License-Identifier: MIT
#include "http/header_lines.h"

#include <doctest/doctest.h>

#include "base/error.h"

TEST_CASE("a header is known by its name in any case, and no value is taken for one") {
  CHECK(mrf::http::header_name("Range : bytes=0-1") == "Range");
  CHECK(mrf::http::is_named("if-match: \"x\"", "If-Match"));
  CHECK(mrf::http::has_header({"X-A: Range: 1", "RANGE: bytes=0-1"}, "Range"));
  CHECK_FALSE(mrf::http::has_header({"X-A: Range: 1", "Range-X: 1"}, "Range"));
}

TEST_CASE("the user's headers are checked, and their values never shown") {
  CHECK_NOTHROW(mrf::http::check_user_headers({"Authorization: Bearer x", "X-Empty:"}));
  CHECK_THROWS_WITH_AS(mrf::http::check_user_headers({"hidden"}),
                       "cannot use header '...': not of the form 'Name: value'", mrf::base::UsageError);
  CHECK_THROWS_AS(mrf::http::check_user_headers({": x"}), mrf::base::UsageError);
  CHECK_THROWS_AS(mrf::http::check_user_headers({"A b: x"}), mrf::base::UsageError);
  CHECK_THROWS_WITH_AS(mrf::http::check_user_headers({"A: x\r\nB: hidden"}),
                       "cannot use header 'A': it has more than one line", mrf::base::UsageError);
  for (const char odd : {'\x01', '\x7f', '\0'})
    CHECK_THROWS_WITH_AS(mrf::http::check_user_headers({std::string("A: hidden") + odd + "x"}),
                         "cannot use header 'A': it has a control character", mrf::base::UsageError);
  CHECK_NOTHROW(mrf::http::check_user_headers({" A: \xc3\xa9\tb "}));
  CHECK_THROWS_AS(mrf::http::check_user_headers({"range: bytes=0-1"}), mrf::base::UsageError);
}
