// SPDX-License-Identifier: MIT
#include "bam/intervals.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

namespace mrf::bam {

namespace {

std::int64_t place_of(int reference) {
  if (reference == HTS_IDX_START) return -1;
  if (reference < 0) return std::numeric_limits<std::int64_t>::max();
  return reference;
}

}  // namespace

IntervalSet::IntervalSet(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& one, const Interval& other) {
    return std::tuple(place_of(one.reference), one.begin) <
           std::tuple(place_of(other.reference), other.begin);
  });
  for (const Interval& interval : intervals) {
    if (!intervals_.empty() && intervals_.back().reference == HTS_IDX_START) break;
    if (!intervals_.empty() && intervals_.back().reference == interval.reference &&
        interval.begin <= intervals_.back().end) {
      intervals_.back().end = std::max(intervals_.back().end, interval.end);
    } else {
      intervals_.push_back(interval);
    }
  }
}

bool IntervalSet::has(const bam1_t& record, RegionRule rule) const {
  if (intervals_.empty()) return false;
  if (intervals_.front().reference == HTS_IDX_START) return true;
  if (record.core.tid < 0) return intervals_.back().reference == HTS_IDX_NOCOOR;
  const auto begin = std::max<hts_pos_t>(record.core.pos, 0);
  // The first interval that ends behind the record's first base.
  const auto found =
      std::partition_point(intervals_.begin(), intervals_.end(), [&record, begin](const Interval& interval) {
        return std::tuple(place_of(interval.reference), interval.end) <=
               std::tuple(place_of(record.core.tid), begin);
      });
  if (found == intervals_.end() || found->reference != record.core.tid) return false;
  return found->begin <= begin || (rule == RegionRule::overlaps && found->begin < bam_endpos(&record));
}

}  // namespace mrf::bam
