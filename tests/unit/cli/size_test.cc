// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>

#include "base/error.h"
#include "cli/option_set.h"

TEST_CASE("sizes are bytes with K, M or G as powers of 1024") {
  CHECK(mrf::cli::parse_size("0") == 0);
  CHECK(mrf::cli::parse_size("17") == 17);
  CHECK(mrf::cli::parse_size("64K") == 65536);
  CHECK(mrf::cli::parse_size("1m") == 1048576);
  CHECK(mrf::cli::parse_size("5G") == 5368709120);
}

TEST_CASE("a size that is no size is a usage error") {
  for (const char* text :
       {"", "K", "-1", "1.5M", "1KB", "1 K", "99999999999999999999", "99999999999999999G"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(mrf::cli::parse_size(text), mrf::base::UsageError);
  }
}
