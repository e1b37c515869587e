// SPDX-License-Identifier: MIT
#include "collect/preamble.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

namespace {

std::string length_and(const std::string& text) {
  return std::string{static_cast<char>(text.size()), '\0', '\0', '\0'} + text;
}

std::string bam_header(const std::string& text, const std::string& reference) {
  return "BAM\1" + length_and(text) + length_and("").replace(0, 1, "\1") +
         length_and(reference + std::string(1, '\0')) + std::string("\x64\0\0\0", 4);
}

}  // namespace

TEST_CASE("a BAM header is taken whole, whatever follows") {
  const std::string header = bam_header("@HD\tVN:1.6\n", "chr1");
  mrf::BamReferences references;
  const auto preamble = mrf::make_bam_preamble(true, references, "a");
  for (std::size_t size = 0; size < header.size(); ++size) {
    CHECK(preamble->take(std::string_view(header).substr(0, size), false) == 0);
    CHECK_FALSE(preamble->is_over());
  }
  CHECK(preamble->take(header + "record", false) == header.size());
  CHECK(preamble->is_over());
  CHECK(preamble->text() == header);
}

TEST_CASE("references must agree, texts need not") {
  mrf::BamReferences references;
  const auto take = [&](const std::string& header) {
    mrf::make_bam_preamble(false, references, "b")->take(header, false);
  };
  references.agree(
      std::string("\1\0\0\0", 4) + length_and(std::string("chr1\0", 5)) + std::string("\x64\0\0\0", 4), "a");
  take(bam_header("", "chr1"));
  take(bam_header("@CO\tother\n", "chr1"));
  CHECK_THROWS_WITH_AS(take(bam_header("", "chr2")),
                       "cannot collect 'b': its references are not those of 'a'", mrf::DataError);
}

TEST_CASE("a BAM header that ends early, or is none") {
  mrf::BamReferences references;
  const std::string header = bam_header("x", "chr1");
  for (std::size_t size = 0; size < header.size(); ++size) {
    const auto preamble = mrf::make_bam_preamble(false, references, "a");
    CHECK_THROWS_AS(preamble->take(std::string_view(header).substr(0, size), true), mrf::DataError);
  }
  for (const std::string& none :
       {std::string("BAX"), std::string("@HD"), std::string("BAM\1\xff\xff\xff\xff")}) {
    CHECK_THROWS_AS(mrf::make_bam_preamble(false, references, "a")->take(none, false), mrf::DataError);
  }
}

TEST_CASE("SAM header lines end where a record begins") {
  const auto preamble = mrf::make_sam_preamble(true);
  CHECK(preamble->take("@HD\tVN:1.6\n@C", false) == 11);
  CHECK(preamble->take("@CO\tx\n@r1\t0\n", false) == 6);
  CHECK(preamble->is_over());
  CHECK(preamble->text() == "@HD\tVN:1.6\n@CO\tx\n");
}
