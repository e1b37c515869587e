// SPDX-License-Identifier: MIT
#include "sys/redact.h"

#include <doctest/doctest.h>

TEST_CASE("no password and no signature is left of a URL") {
  CHECK(mrf::redact_url("https://u:p/w@h/k") == "https://u:p/w@h/k");
  CHECK(mrf::redact_url("http:///u:p@h/k") == "http://h/k");
  CHECK(mrf::redact_url("http:/u:p@h/k") == "h/k");
  CHECK(mrf::redact_words("not found: 'http://u:p@h/k?sig=a' <x>") == "not found: 'http://h/k?sig=...' <x>");
}
