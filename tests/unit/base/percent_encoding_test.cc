// SPDX-License-Identifier: MIT
#include "base/percent_encoding.h"

#include <doctest/doctest.h>

TEST_CASE("a path is encoded but for its unreserved characters, and comes back") {
  CHECK(mrf::base::percent_encoded_path("/a b+%/\xc3\xa4?#@:~x-._") ==
        "/a%20b%2B%25/%C3%A4%3F%23%40%3A~x-._");
  CHECK(mrf::base::percent_decoded("/a%20b%2B%25/%c3%A4") == "/a b+%/\xc3\xa4");
  CHECK(mrf::base::percent_decoded("100%, %4, %zz%2") == "100%, %4, %zz%2");
}
