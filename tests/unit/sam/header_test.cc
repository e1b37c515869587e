// SPDX-License-Identifier: MIT
#include "sam/header.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

namespace {

constexpr const char* text = "@HD\tVN:1.6\n@SQ\tSN:c1\tLN:1000\n@SQ\tSN:c2\tLN:2000\n@CO\tfree text\n";

}  // namespace

TEST_CASE("a header is the same as text and as BAM") {
  const auto header = mrf::bam::parse_header(text, "test");
  CHECK(mrf::bam::header_text(*header) == text);
  mrf::bam::Buffer binary;
  mrf::bam::append_bam_header(*header, binary);
  CHECK(mrf::bam::bam_header_size(binary.view(), "test") == binary.size());
  const auto again = mrf::bam::parse_header(binary.view(), "test");
  CHECK(mrf::bam::header_text(*again) == text);
}

TEST_CASE("a BAM header that is cut anywhere needs more bytes") {
  const auto header = mrf::bam::parse_header(text, "test");
  mrf::bam::Buffer binary;
  mrf::bam::append_bam_header(*header, binary);
  for (std::size_t n = 0; n < binary.size(); ++n) {
    CHECK_FALSE(mrf::bam::bam_header_size(binary.view().substr(0, n), "test").has_value());
  }
}

TEST_CASE("a malformed header is refused") {
  mrf::bam::silence_htslib();
  CHECK_THROWS_WITH(mrf::bam::parse_header("@SQ\tSN:c1\tLN:1\n@ZZ\tXX:1\n", "in.sam"),
                    "cannot read 'in.sam': malformed header");
}
