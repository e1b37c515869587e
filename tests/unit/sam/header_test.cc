// SPDX-License-Identifier: MIT
#include "sam/header.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "record/header.h"

namespace {

constexpr const char* text = "@HD\tVN:1.6\n@SQ\tSN:c1\tLN:1000\n@SQ\tSN:c2\tLN:2000\n@CO\tfree text\n";

}  // namespace

TEST_CASE("a header is the same as text and as BAM") {
  const auto header = mrf::sam::parse_sam_header(text, "test");
  CHECK(mrf::sam::header_text(*header) == text);
  mrf::sam::Buffer binary;
  mrf::sam::append_bam_header(*header, binary);
  CHECK(mrf::record::HeaderReader(mrf::record::bam_header(), "test").take(binary.view(), true) ==
        binary.size());
  const auto again = mrf::sam::parse_bam_header(binary.view(), "test");
  CHECK(mrf::sam::header_text(*again) == text);
}

TEST_CASE("a header line that the specification forbids is refused with its number, or counted") {
  mrf::sam::silence_htslib();
  const std::pair<const char*, const char*> cases[] = {
      {"@ZZ\tXX:1\n", "'@ZZ' is no kind of header line that SAM has"},
      {"@SQ\tSN:c1\tLN:1\n", "@SQ 'c1' is there twice"},
      {"@SQ\tSN:c2\n", "@SQ 'c2' has no LN"},
      {"@SQ\tLN:3\n", "@SQ has no SN"},
      {"@SQ\tSN:c2\tLN:-5\n", "LN '-5' of @SQ 'c2' is no length"},
      {"@SQ\tSN:c2\tLN:0\n", "LN '0' of @SQ 'c2' is no length"},
      {"@SQ\tSN:*\tLN:2\n", "SN '*' is no name that SAM allows"},
      {"@RG\tSM:x\n", "@RG has no ID"},
      {"@RG\tID:x\n@RG\tID:x\n", "@RG 'x' is there twice"},
      {"@HD\tVN:1.6\n@HD\tVN:1.6\n", "@HD is there twice"},
  };
  for (const auto& [line, reason] : cases) {
    const std::string header = std::string("@SQ\tSN:c1\tLN:1\n") + line;
    const auto number = std::count(header.begin(), header.end(), '\n');
    CHECK_THROWS_WITH(mrf::sam::check_header_text(header, "in.sam"),
                      ("cannot read 'in.sam': header line " + std::to_string(number) + ": " + reason +
                       "; --permissive takes it")
                          .c_str());
    mrf::sam::DeviationCounts counts;
    mrf::sam::check_header_text(header, "in.sam", mrf::sam::Lenience(&counts));
    CHECK(counts.counts[static_cast<std::size_t>(mrf::sam::Deviation::header)] == 1);
  }
  CHECK_THROWS_WITH(mrf::sam::parse_sam_header("@x\t0\tc\n", "in.sam"),
                    "cannot read 'in.sam': header line 1: '@x\\t0\\tc' is no header line; a read name may "
                    "not begin with '@'");
}

TEST_CASE("an @HD line behind other lines becomes the first, and nothing else of the header changes") {
  const std::string sq = "@SQ\tSN:c1\tLN:1000\n";
  const std::string hd = "@HD\tVN:1.5\tGO:query\n";
  for (const std::string rest : {"", "@PG\tID:a\n@SQ\tSN:c2\tLN:2000\n@CO\t@HD\tx\n"}) {
    const std::string late = sq + hd + rest;
    const std::string expected = hd + sq + rest;
    const auto of_text = mrf::sam::parse_sam_header(late, "test");
    CHECK(mrf::sam::header_text(*of_text) == expected);
    mrf::sam::Buffer binary;
    mrf::sam::append_bam_header(*of_text, binary);
    std::string bytes(binary.view());
    REQUIRE(bytes.substr(8, expected.size()) == expected);
    for (const bool has_end : {true, false}) {
      bytes.replace(8, late.size(), late);
      if (!has_end) bytes[8 + late.size() - 1] = '\0';
      const auto of_bam = mrf::sam::parse_bam_header(bytes, "test");
      CHECK(mrf::sam::header_text(*of_bam) == expected);
      CHECK(mrf::sam::difference(*of_text, *of_bam, mrf::sam::Names::compared).empty());
    }
  }
  // Two of them stay where they are.
  const std::string two = "@HD\tVN:1.6\n" + sq + "@HD\tVN:1.5\n";
  mrf::sam::DeviationCounts counts;
  const auto kept = mrf::sam::parse_sam_header(two, "test", mrf::sam::Lenience(&counts));
  CHECK(mrf::sam::header_text(*kept) == two);
  CHECK(counts.counts[static_cast<std::size_t>(mrf::sam::Deviation::header)] == 1);
}

TEST_CASE("the text of a BAM header ends at its first NUL, and has the references of the list") {
  const auto header = mrf::sam::parse_sam_header(text, "test");
  mrf::sam::Buffer binary;
  mrf::sam::append_bam_header(*header, binary);
  std::string bytes(binary.view());
  const std::size_t size = std::string_view(text).size();
  std::string padded = bytes.substr(0, 8 + size) + std::string(3, '\0') + "x" + bytes.substr(8 + size);
  padded[4] = static_cast<char>(size + 4);
  CHECK(mrf::sam::header_text(*mrf::sam::parse_bam_header(padded, "test")) == text);
  bytes[bytes.size() - 5 - 1] = '3';  // the name of the second reference
  CHECK_THROWS_WITH(
      mrf::sam::parse_bam_header(bytes, "in.bam"),
      "cannot read 'in.bam': the header's text and its list of references differ: 'c2' and 'c3'; "
      "--permissive takes it");
}
