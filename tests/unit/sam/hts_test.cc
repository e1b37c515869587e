// SPDX-License-Identifier: MIT
#include "sam/hts.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "sam/header.h"

TEST_CASE("the versions of htslib whose CRAM is used") {
  for (const char* version : {"1.16", "1.16+ds", "1.20", "1.100", "2.0", "2"})
    CHECK(mrf::sam::cram_fault_of_version(version) == "");
  CHECK(mrf::sam::cram_fault_of_version("1.13+ds") ==
        "CRAM needs htslib 1.16 or later, and this is htslib 1.13+ds");
  for (const char* version : {"1.9", "1.15.1", "1", "0.3", "", "unknown"})
    CHECK(mrf::sam::cram_fault_of_version(version) != "");
}

TEST_CASE("a header is parsed without the plugins of htslib, which take more time than a small input") {
  CHECK(sam_hdr_nref(mrf::sam::parse_sam_header("@SQ\tSN:c1\tLN:1000\n", "test").get()) == 1);
  std::ifstream maps("/proc/self/maps");
  const std::string mapped{std::istreambuf_iterator<char>(maps), {}};
  CHECK(mapped.find("libc") != mapped.npos);
  CHECK(mapped.find("hfile_") == mapped.npos);
}
