// SPDX-License-Identifier: MIT
#include "sam/hts.h"

#include <doctest/doctest.h>

TEST_CASE("the versions of htslib whose CRAM is used") {
  for (const char* version : {"1.16", "1.16+ds", "1.20", "1.100", "2.0", "2"})
    CHECK(mrf::sam::cram_fault_of_version(version) == "");
  CHECK(mrf::sam::cram_fault_of_version("1.13+ds") ==
        "CRAM needs htslib 1.16 or later, and this is htslib 1.13+ds");
  for (const char* version : {"1.9", "1.15.1", "1", "0.3", "", "unknown"})
    CHECK(mrf::sam::cram_fault_of_version(version) != "");
}
