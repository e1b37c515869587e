// SPDX-License-Identifier: MIT
#include "sam/record.h"

#include <doctest/doctest.h>

#include <string>

#include "sam/header.h"

namespace {

std::string sam_of(const bam1_t& record, const sam_hdr_t& header) {
  mrf::sam::Text text;
  REQUIRE(sam_format1(&header, &record, &text) >= 0);
  return std::string(text.view());
}

mrf::sam::RecordPtr parse(const std::string& line, sam_hdr_t& header) {
  mrf::sam::Text text;
  kputsn(line.data(), line.size(), &text);
  auto record = mrf::sam::make_record();
  REQUIRE(sam_parse1(&text, &header, record.get()) >= 0);
  return record;
}

std::string line_with_cigar_operations(int n) {
  std::string cigar;
  for (int i = 0; i < n; ++i) cigar += i % 2 == 0 ? "1M" : "1I";
  return "long\t0\tc1\t1\t60\t" + cigar + "\t*\t0\t0\t" + std::string(static_cast<std::size_t>(n), 'C') +
         "\t*\tNM:i:1";
}

}  // namespace

TEST_CASE("a record is stored and loaded without a change, long CIGARs too") {
  const auto header = mrf::sam::parse_sam_header("@SQ\tSN:c1\tLN:1000000\n", "test");
  for (const std::string& line :
       {std::string("r1\t99\tc1\t5\t7\t2S3M\t=\t9\t-4\tACGTN\tIIII!\tNM:i:-1\tXX:Z:text\tBB:B:S,1,2"),
        std::string("r\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*"), line_with_cigar_operations(65535),
        line_with_cigar_operations(65536), line_with_cigar_operations(100000)}) {
    const auto record = parse(line, *header);
    mrf::sam::Buffer bytes;
    CHECK(mrf::sam::store_record(*record, bytes).empty());
    const auto again = mrf::sam::make_record();
    CHECK(mrf::sam::load_record(bytes.view(), *header, *again).empty());
    CHECK(sam_of(*again, *header) == line);
  }
}

TEST_CASE("a record whose lengths do not fit, or whose reference is unknown, is refused") {
  const auto header = mrf::sam::parse_sam_header("@SQ\tSN:c1\tLN:1000\n", "test");
  mrf::sam::Buffer bytes;
  mrf::sam::store_record(*parse("r1\t0\tc1\t5\t7\t5M\t*\t0\t0\tACGTN\tIIIII", *header), bytes);
  const std::string good(bytes.view());
  const auto record = mrf::sam::make_record();
  const auto with = [&](std::size_t at, char value) {
    std::string bad = good;
    bad[at] = value;
    return mrf::sam::load_record(bad, *header, *record);
  };
  CHECK(with(4, 1) == "unknown reference number 1, the header has 1");
  CHECK(with(24, 1) == "unknown reference number -255, the header has 1");
  CHECK(with(12, 0) == "the read name is empty");
  CHECK(with(20, 100) == "the lengths in the record do not fit its size");
  CHECK(with(20, 4) == "CIGAR and sequence have different lengths: 5 and 4 bases");
  CHECK(mrf::sam::load_record(good.substr(0, 30), *header, *record) ==
        std::string("the record is too short"));
}
