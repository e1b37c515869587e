// SPDX-License-Identifier: MIT
#include "bam/raw_record.h"

#include <doctest/doctest.h>

#include <string>

#include "sam/header.h"
#include "sam/record.h"
#include "unit/sam/random_record.h"

namespace {

// What a record becomes when it is loaded and stored again; empty when it is refused.
std::string stored_again(const std::string& bytes, const sam_hdr_t& header) {
  const auto record = mrf::sam::make_record();
  if (!mrf::sam::load_record(bytes, header, *record).empty()) return "";
  mrf::sam::Buffer again;
  REQUIRE(mrf::sam::store_record(*record, again).empty());
  return std::string(again.view());
}

}  // namespace

TEST_CASE("a record said to be unchanged is the same when it is loaded and stored, damaged or not") {
  mrf::sam::silence_htslib();
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  mrf::bam::test::RandomRecords records(6);
  int whole = 0;
  int damaged = 0;
  constexpr int turns = 20000;
  for (int i = 0; i < turns; ++i) {
    mrf::sam::Buffer bytes;
    REQUIRE(mrf::sam::store_record(*records.next(), bytes).empty());
    std::string record = stored_again(std::string(bytes.view()), *header);
    if (record.empty()) continue;
    whole += mrf::bam::is_unchanged(mrf::bam::RawRecord(record), *header) ? 1 : 0;
    constexpr std::size_t front = 60;
    const auto at = records.number(4, std::min(front, record.size()) - 1);
    record[at] = static_cast<char>(static_cast<unsigned char>(record[at]) ^ 1U << records.number(0, 7));
    if (!mrf::bam::is_unchanged(mrf::bam::RawRecord(record), *header)) continue;
    REQUIRE(stored_again(record, *header) == record);
    ++damaged;
  }
  CHECK(whole > turns / 2);
  CHECK(damaged > turns / 20);
}

TEST_CASE("a record that is too short or has another bin than its place is not unchanged") {
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  mrf::sam::Text line;
  const std::string text = "r1\t0\tc1\t5\t7\t5M\t*\t0\t0\tACGTN\tIIIII";
  kputsn(text.data(), text.size(), &line);
  const auto record = mrf::sam::make_record();
  REQUIRE(sam_parse1(&line, header.get(), record.get()) >= 0);
  mrf::sam::Buffer bytes;
  REQUIRE(mrf::sam::store_record(*record, bytes).empty());
  std::string good(bytes.view());
  CHECK(mrf::bam::is_unchanged(mrf::bam::RawRecord(good), *header));
  CHECK_FALSE(mrf::bam::is_unchanged(mrf::bam::RawRecord(good.substr(0, 35)), *header));
  CHECK_FALSE(mrf::bam::is_unchanged(mrf::bam::RawRecord(good.substr(0, 45)), *header));
  ++good[14];
  CHECK_FALSE(mrf::bam::is_unchanged(mrf::bam::RawRecord(good), *header));
}
