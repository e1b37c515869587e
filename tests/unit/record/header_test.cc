// SPDX-License-Identifier: MIT
#include "record/header.h"

#include <doctest/doctest.h>

#include <random>

#include "base/error.h"
#include "record/bam_header.h"

namespace {

// The header of a text that arrives in pieces of random sizes.
std::string header_of(const mrf::record::HeaderForm& form, const std::string& text, std::mt19937& random) {
  mrf::record::HeaderScanner scanner(form, "test");
  std::size_t taken = 0;
  for (std::size_t end = 0; !scanner.is_over();) {
    end = std::min(text.size(), end + random() % 4);
    taken += scanner.take(std::string_view(text).substr(taken, end - taken), false);
    if (end == text.size() && !scanner.is_over()) {
      taken += scanner.take(std::string_view(text).substr(taken), true);
      break;
    }
  }
  return text.substr(0, taken);
}

std::string number(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

}  // namespace

TEST_CASE("SAM: header lines begin with '@', and none has the shape of a record") {
  std::mt19937 random(6);
  const std::string header = "@HD\tVN:1.6\n@CO no tab\n@CO\t4\t*\t0\n@x\n";
  CHECK(header_of(mrf::record::sam_header(), header + "r\t4\n@CO\tlater\n", random) == header);
  CHECK_THROWS_WITH_AS(
      header_of(mrf::record::sam_header(), header + "@CO\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI", random),
      "cannot read 'test': record 1 is named '@CO', which SAM text cannot tell from a header "
      "line; '--record bam' takes such names",
      mrf::base::DataError);
}

TEST_CASE("header lines by prefix and by count, however they arrive") {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    CHECK(header_of({"@", 0}, "@a\n@b\nc\n@d\n", random) == "@a\n@b\n");
    CHECK(header_of({"##", 0}, "##a\n#b\n", random) == "##a\n");
    CHECK(header_of({"##", 0}, "#", random).empty());
    CHECK(header_of({"@", 0}, "@a\n@b", random) == "@a\n@b");
    CHECK(header_of({"", 2}, "a\n\nc\n", random) == "a\n\n");
    CHECK(header_of({"", 3}, "a\nb", random) == "a\nb");
    CHECK(header_of({"@", 0}, "", random).empty());
  }
}

TEST_CASE("a BAM header is there whole or not at all") {
  const std::string references = number(2) + number(2) + std::string("x\0", 2) + number(9) + number(1) +
                                 std::string("\0", 1) + number(7);
  const std::string header = std::string("BAM\1", 4) + number(3) + "@CO" + references;
  for (std::size_t cut = 0; cut < header.size(); ++cut) {
    CAPTURE(cut);
    CHECK(mrf::record::BamHeaderScanner("x").scan(std::string_view(header).substr(0, cut)) == 0);
  }
  CHECK(mrf::record::BamHeaderScanner("x").scan(header + "record") == header.size());
  CHECK(mrf::record::bam_references(header) == references);
  CHECK_THROWS_AS(mrf::record::check_bam_magic("@HD\t", "x"), mrf::base::DataError);
  CHECK_THROWS_AS(mrf::record::check_bam_magic("", "x"), mrf::base::DataError);
}

TEST_CASE("a BAM header is scanned in one pass, however its bytes arrive") {
  std::string header = "BAM\1" + number(5) + "@CO\tx" + number(1000);
  for (int i = 0; i < 1000; ++i) header += number(3) + std::string("ab\0", 3) + number(9);
  for (const std::size_t step : {1, 7, 1000000}) {
    mrf::record::BamHeaderScanner scanner("x");
    std::size_t size = 0;
    for (std::size_t end = 4; end < header.size() && size == 0; end = std::min(end + step, header.size())) {
      size = scanner.scan(std::string_view(header).substr(0, end));
    }
    if (size == 0) size = scanner.scan(header + "record");
    CHECK(size == header.size());
  }
  mrf::record::BamHeaderScanner negative("x");
  CHECK_THROWS_WITH_AS(negative.scan("BAM\1" + number(0xffffffff)),
                       "cannot read 'x': its header has a negative length", mrf::base::DataError);
}
