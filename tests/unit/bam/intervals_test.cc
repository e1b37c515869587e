// SPDX-License-Identifier: MIT
#include "bam/intervals.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "unit/sam/random_record.h"

namespace {

using mrf::bam::Interval;
using mrf::bam::RegionRule;

bool belongs(const bam1_t& record, const Interval& interval, RegionRule rule) {
  if (record.core.tid != interval.reference) return false;
  const hts_pos_t begin = record.core.pos < 0 ? 0 : record.core.pos;
  const bool starts = begin >= interval.begin && begin < interval.end;
  return starts ||
         (rule == RegionRule::overlaps && begin < interval.end && interval.begin < bam_endpos(&record));
}

}  // namespace

TEST_CASE("a record belongs to a set of intervals when it belongs to one of them") {
  mrf::bam::test::RandomRecords records(3);
  constexpr int turns = 3000;
  constexpr int most = 5;
  constexpr hts_pos_t length = 60;
  int many = 0;
  for (int i = 0; i < turns; ++i) {
    std::vector<Interval> intervals;
    for (auto n = records.number(1, most); n > 0; --n) {
      const auto begin = static_cast<hts_pos_t>(records.number(0, length));
      const auto size = static_cast<hts_pos_t>(records.number(1, length));
      intervals.push_back({static_cast<int>(records.number(0, 1)), begin, begin + size});
    }
    const mrf::bam::IntervalSet set(intervals);
    const auto record = mrf::sam::make_record();
    const std::uint32_t cigar =
        bam_cigar_gen(static_cast<std::uint32_t>(records.number(1, length)), BAM_CDEL);
    const auto reference = static_cast<std::int32_t>(records.number(0, 2));
    const auto position = static_cast<hts_pos_t>(records.number(0, 2 * length)) - 1;
    REQUIRE(bam_set1(record.get(), 1, "r", 0, reference, position, 1, 1, &cigar, -1, -1, 0, 0, "", "", 0) >=
            0);
    for (const RegionRule rule : {RegionRule::overlaps, RegionRule::starts}) {
      bool expected = false;
      for (const Interval& interval : intervals) expected = expected || belongs(*record, interval, rule);
      CHECK(set.has(*record, rule) == expected);
      many += expected ? 1 : 0;
    }
  }
  CHECK(many > turns / most);
}

TEST_CASE("all records and the unplaced are intervals too") {
  const auto placed = mrf::sam::make_record();
  placed->core.tid = 3;
  const auto unplaced = mrf::sam::make_record();
  unplaced->core.tid = -1;
  unplaced->core.pos = -1;
  for (const RegionRule rule : {RegionRule::overlaps, RegionRule::starts}) {
    const mrf::bam::IntervalSet all({{1, 2, 3}, {HTS_IDX_START}});
    CHECK(all.has(*placed, rule));
    CHECK(all.has(*unplaced, rule));
    const mrf::bam::IntervalSet others({{HTS_IDX_NOCOOR}, {3, 0, 5}});
    CHECK(others.has(*placed, rule));
    CHECK(others.has(*unplaced, rule));
    const mrf::bam::IntervalSet one({{2, 0, 5}});
    CHECK_FALSE(one.has(*placed, rule));
    CHECK_FALSE(one.has(*unplaced, rule));
    CHECK_FALSE(mrf::bam::IntervalSet({}).has(*placed, rule));
  }
}
