// SPDX-License-Identifier: MIT
#include "http/retry.h"

#include <doctest/doctest.h>

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

mrf::http::ResponseHead after(const std::string& value) {
  mrf::http::ResponseHead head;
  head.add_line("HTTP/1.1 503 Busy");
  head.add_line("Retry-After: " + value);
  return head;
}

}  // namespace

TEST_CASE("waits double up to the longest, and end when the retries are used up") {
  mrf::http::RetryPolicy policy(8, [] { return 0.0; });
  for (const int expected : {250, 500, 1000, 2000, 4000, 8000, 8000, 8000})
    CHECK(policy.after_failure(0, {}) == milliseconds(expected));
  CHECK_FALSE(policy.after_failure(0, {}));
  CHECK(policy.failures() == 9);
  mrf::http::RetryPolicy none(0, [] { return 0.0; });
  CHECK_FALSE(none.after_failure(0, {}));
}

TEST_CASE("a random share of up to one half shortens a wait") {
  mrf::http::RetryPolicy policy(8, [] { return 0.5; });
  CHECK(policy.after_failure(0, {}) == milliseconds(187));
}

TEST_CASE("a megabyte of progress starts the count anew, less does not, nor does the same megabyte again") {
  mrf::http::RetryPolicy policy(1, [] { return 0.0; });
  CHECK(policy.after_failure(1 << 20, {}) == milliseconds(250));
  CHECK(policy.after_failure(2 << 20, {}) == milliseconds(250));
  CHECK_FALSE(policy.after_failure(2 << 20, {}));
  mrf::http::RetryPolicy slow(1, [] { return 0.0; });
  CHECK(slow.after_failure(100, {}));
  CHECK_FALSE(slow.after_failure(200, {}));
}

TEST_CASE("Retry-After is obeyed, unless it is too long to wait") {
  mrf::http::RetryPolicy policy(8, [] { return 0.0; });
  CHECK(policy.after_failure(0, seconds(3)) == seconds(3));
  CHECK_FALSE(policy.after_failure(0, seconds(301)));
}

TEST_CASE("Retry-After is a number of seconds or a date") {
  const seconds now(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(retry_after(after("120"), now) == seconds(120));
  CHECK(retry_after(after("Sun, 06 Nov 1994 08:50:07 GMT"), now) == seconds(30));
  CHECK_FALSE(retry_after(after("Sun, 06 Nov 1994 08:00:00 GMT"), now));
  CHECK_FALSE(retry_after(after("0"), now));
  CHECK_FALSE(mrf::http::retry_after(after("soon"), now));
  CHECK(retry_after(after("9999999999999999999"), now) > seconds(301));
  CHECK_FALSE(mrf::http::retry_after({}, now));
}

TEST_CASE("transient statuses") {
  for (const int status : {408, 429, 500, 502, 503, 504, 599}) CHECK(mrf::http::is_transient(status));
  for (const int status : {0, 200, 206, 304, 400, 401, 403, 404, 410, 412, 416, 600})
    CHECK_FALSE(mrf::http::is_transient(status));
}
