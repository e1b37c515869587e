// SPDX-License-Identifier: MIT
#include "sam/sam_line.h"

#include <doctest/doctest.h>

#include <string>

#include "random_record.h"
#include "sam/header.h"
#include "sam/record.h"
#include "sam/sam_fault.h"
#include "sam/sam_text.h"

namespace {

std::string bytes_of(const bam1_t& record) {
  mrf::sam::Buffer bytes;
  REQUIRE(mrf::sam::store_record(record, bytes).empty());
  return std::string(bytes.view());
}

std::string htslib_bytes(const std::string& line, sam_hdr_t& header) {
  mrf::sam::Text text;
  const auto record = mrf::sam::make_record();
  return mrf::sam::parse_unusual(line, header, text, *record) ? bytes_of(*record) : "";
}

// Where our parser takes a line, it has no fault, htslib takes it, too, and makes the same bytes of it.
bool taken(const std::string& line, sam_hdr_t& header) {
  mrf::sam::SamLine ours;
  const auto record = mrf::sam::make_record();
  if (!ours.parse(line, header, *record)) return false;
  const std::string expected = htslib_bytes(line, header);
  INFO(line);
  CHECK(mrf::sam::fault_of(line, header) == "");
  REQUIRE(bytes_of(*record) == expected);
  return true;
}

}  // namespace

TEST_CASE("random lines become the records that htslib makes of them") {
  mrf::sam::silence_htslib();
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  mrf::bam::test::RandomRecords records(3);
  int count = 0;
  const int all = 20000;
  for (int i = 0; i < all; ++i)
    count += taken(mrf::bam::test::htslib_line(*records.next(), *header), *header) ? 1 : 0;
  CHECK(count > all / 10);
}

TEST_CASE("a line that is changed anywhere is either left to htslib or read as it reads it") {
  mrf::sam::silence_htslib();
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  mrf::bam::test::RandomRecords records(4);
  constexpr std::string_view characters = "\t\t*=-+0123456789:,.AcCfiZHBSMIDNacgtN!~ \x01\x7f\x80";
  int count = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string line = mrf::bam::test::htslib_line(*records.next(), *header);
    const auto at = records.number(0, line.size() - 1);
    switch (records.number(0, 3)) {
      case 0:
        line.erase(at, records.number(1, 3));
        break;
      case 1:
        line.resize(at);
        break;
      case 2:
        line.insert(at, 1, characters[records.number(0, characters.size() - 1)]);
        break;
      default:
        line[at] = characters[records.number(0, characters.size() - 1)];
    }
    count += taken(line, *header) ? 1 : 0;
  }
  CHECK(count > 100);
}

TEST_CASE("every letter of a sequence is packed as htslib does, at every length") {
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  for (int letter = '!'; letter <= '~'; ++letter) {
    for (const std::size_t size : {1U, 2U, 31U, 64U, 65U, 129U}) {
      const std::string bases(size, static_cast<char>(letter));
      taken("r\t4\t*\t0\t0\t*\t*\t0\t0\t" + bases + "\t" + std::string(size, static_cast<char>(letter)),
            *header);
      const std::string line = "r\t4\t*\t0\t0\t*\t*\t0\t0\t" + bases + "A\t*";
      const bool is_base =
          std::string_view("=ACMGRSVTWYHKDBN").find(static_cast<char>(letter)) != std::string_view::npos;
      CHECK(taken(line, *header) == is_base);
      CHECK(mrf::sam::fault_of(line, *header).empty() == is_base);
    }
  }
}

TEST_CASE("what has no place or no CIGAR keeps its flags and references") {
  mrf::sam::silence_htslib();
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  for (const std::string line :
       {"r\t0\tc1\t0\t60\t1M\t*\t0\t0\tA\tI", "r\t0\t*\t5\t60\t1M\t*\t0\t0\tA\tI",
        "r\t0\tc1\t5\t60\t*\t*\t0\t0\tA\tI", "r\t1\tc1\t5\t60\t1M\tc1\t0\t0\tA\tI"}) {
    CHECK(taken(line, *header));
    const auto record = mrf::sam::make_record();
    REQUIRE(mrf::sam::SamLine().parse(line, *header, *record));
    mrf::sam::Buffer again;
    CHECK(mrf::sam::SamText(*header).append(*record, again) == "");
    const std::string expected =
        line == "r\t1\tc1\t5\t60\t1M\tc1\t0\t0\tA\tI" ? "r\t1\tc1\t5\t60\t1M\t=\t0\t0\tA\tI" : line;
    CHECK(again.view() == expected + "\n");
  }
}

TEST_CASE("unusual lines are left to htslib, malformed ones are not taken") {
  mrf::sam::silence_htslib();
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  const std::string rest = "\t60\t1M\t*\t0\t0\tA\tI";
  CHECK(taken("r\t0\tc1\t5" + rest, *header));
  for (const std::string& line :
       {"r\t010\tc1\t5" + rest, "r\t0\tnone\t5" + rest, std::string("r\t0\tc1\t5\t60\t1S\t*\t0\t0\tA\tI"),
        "r\t0\tc1\t5" + rest + "\t", "r\t0\tc1\t5" + rest + "\tNM:i:1x", "r\t0\tc1\t5" + rest + "\tXX:H:1F",
        "r\t0\tc1\t5" + rest + "\tXX:B:C,256"}) {
    CHECK_FALSE(taken(line, *header));
  }
}
