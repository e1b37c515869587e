// SPDX-License-Identifier: MIT
#include "shard/pair_planner.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <utility>

#include "base/error.h"
#include "unit/directory.h"
#include "unit/shard/files.h"

namespace {

using namespace mrf;

std::string paired_reads(std::size_t records, std::size_t longest, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  for (std::size_t record = 0; record < records; ++record) {
    const std::size_t bases = 1 + random() % longest;
    text += "@r" + std::to_string(record) + "\n" + std::string(bases, 'A') + "\n+\n" +
            std::string(bases, '@') + "\n";
  }
  return text;
}

std::size_t records_in_front(const std::string& text, std::size_t offset) {
  std::size_t lines = 0;
  for (std::size_t at = 0; at < offset; ++at) lines += text[at] == '\n' ? 1 : 0;
  CHECK(lines % 4 == 0);
  return lines / 4;
}

shard::PairCuts cuts_of(const std::string& first, const std::string& second, std::uint64_t shards) {
  const shard::InputForm form{{record::RecordForm::Kind::fastq}, {}};
  io::Meter meter;
  io::Meter meter_of_mates;
  return shard::find_pair_cuts({first, form, meter}, {second, form, meter_of_mates}, shards);
}

}  // namespace

TEST_CASE("mates are cut at the same numbers of records, whatever their lengths") {
  const ::Directory directory;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const std::size_t records = seed * 7;
    const std::string first = paired_reads(records, 50, seed);
    const std::string second = paired_reads(records, 300, seed + 1000);
    shard::test::write_file(directory / "1", first);
    shard::test::write_file(directory / "2", second);
    for (const std::uint64_t shards : {1, 2, 5, 300}) {
      const auto cuts = cuts_of(directory / "1", directory / "2", shards);
      REQUIRE(cuts.first.size() == cuts.second.size());
      CHECK(cuts.first.size() <= shards + 1);
      CHECK((cuts.first.front() == 0 && cuts.first.back() == first.size()));
      CHECK((cuts.second.front() == 0 && cuts.second.back() == second.size()));
      for (std::size_t at = 0; at < cuts.first.size(); ++at) {
        CHECK(records_in_front(first, cuts.first[at]) == records_in_front(second, cuts.second[at]));
      }
    }
    // In BGZF, in small blocks, the same records.
    shard::test::write_file(directory / "3", shard::test::bgzf(second, 97));
    const auto plain = cuts_of(directory / "1", directory / "2", 5);
    const auto mixed = cuts_of(directory / "1", directory / "3", 5);
    CHECK(plain.first == mixed.first);
    CHECK(plain.second.size() == mixed.second.size());
  }
}

TEST_CASE("a malformed record ends the counting of both inputs; of two the first one is said") {
  const ::Directory directory;
  // More than a gigabyte of content, of which only the front is read.
  std::string blocks;
  const std::string one = shard::test::block(paired_reads(400, 100, 1));
  while (blocks.size() < std::size_t{20} << 20) blocks += one;
  shard::test::write_file(directory / "large", blocks + std::string(codec::bgzf_eof));
  const std::string good = paired_reads(5, 20, 1);
  shard::test::write_file(directory / "early", good + "no record\n");
  shard::test::write_file(directory / "late", paired_reads(5000, 50, 1) + "no record, either\n");
  const shard::InputForm form{{record::RecordForm::Kind::fastq}, {}};
  const auto fault_of = [&](const std::string& first, const std::string& second) -> std::string {
    io::Meter meter;
    io::Meter meter_of_mates;
    try {
      shard::find_pair_cuts({directory / first, form, meter}, {directory / second, form, meter_of_mates}, 3);
    } catch (const base::DataError& error) {
      CHECK(meter.bytes + meter_of_mates.bytes < blocks.size());
      return error.what();
    }
    return "";
  };
  const std::string early = "cannot read '" + (directory / "early") + "': record 6";
  for (const auto& pair : {std::pair("early", "large"), std::pair("large", "early"),
                           std::pair("early", "late"), std::pair("late", "early")}) {
    CAPTURE(fault_of(pair.first, pair.second));
    CHECK(fault_of(pair.first, pair.second).starts_with(early));
  }
}

TEST_CASE("inputs with other numbers of records are no mates") {
  const ::Directory directory;
  shard::test::write_file(directory / "1", paired_reads(10, 20, 1));
  for (const std::size_t records : {0, 9, 11, 40}) {
    shard::test::write_file(directory / "2", paired_reads(records, 20, 2));
    CHECK_THROWS_AS(cuts_of(directory / "1", directory / "2", 3), base::DataError);
    CHECK_THROWS_AS(cuts_of(directory / "2", directory / "1", 3), base::DataError);
  }
}
