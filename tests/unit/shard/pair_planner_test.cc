// SPDX-License-Identifier: MIT
#include "shard/pair_planner.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

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

TEST_CASE("inputs with other numbers of records are no mates") {
  const ::Directory directory;
  shard::test::write_file(directory / "1", paired_reads(10, 20, 1));
  for (const std::size_t records : {0, 9, 11, 40}) {
    shard::test::write_file(directory / "2", paired_reads(records, 20, 2));
    CHECK_THROWS_AS(cuts_of(directory / "1", directory / "2", 3), base::DataError);
    CHECK_THROWS_AS(cuts_of(directory / "2", directory / "1", 3), base::DataError);
  }
}
