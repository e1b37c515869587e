// SPDX-License-Identifier: MIT
#include "bam/cram_regions.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace mrf::bam {

namespace {

// Intervals that are no further apart are one stretch: to find a place anew costs the decoding of a
// container, which has 10,000 records by default.
constexpr hts_pos_t nearness = 1 << 16;

bool has_positions(const Interval& interval) { return interval.reference >= 0; }

}  // namespace

CramRegions::CramRegions(htsFile& file, const hts_idx_t& index, const IntervalSet& regions)
    : file_(file), index_(index), intervals_(regions.intervals()) {}

bool CramRegions::open_next() {
  first_ = last_;
  if (first_ == intervals_.size()) return false;
  const Interval& begin = intervals_[first_];
  const bool goes_on = first_ > 0 && intervals_[first_ - 1].reference == begin.reference;
  read_until_ = goes_on ? intervals_[first_ - 1].end : 0;
  do ++last_;
  while (has_positions(begin) && last_ < intervals_.size() &&
         intervals_[last_].reference == begin.reference &&
         intervals_[last_].begin - intervals_[last_ - 1].end <= nearness);
  // Positions in a CRAM have 31 bits (CRAM specification, section 2.3).
  const hts_pos_t end =
      std::min<hts_pos_t>(intervals_[last_ - 1].end, std::numeric_limits<std::int32_t>::max());
  stretch_.reset(sam_itr_queryi(&index_, begin.reference, begin.begin, end));
  return true;
}

// A record that overlaps two intervals also overlaps what lies between them, and so begins before the first
// one's end.
bool CramRegions::is_wanted(const bam1_t& record) const {
  if (!has_positions(intervals_[last_ - 1])) return true;
  if (record.core.pos < read_until_) return false;
  const auto stretch_end = intervals_.begin() + static_cast<std::ptrdiff_t>(last_);
  const auto first =
      std::partition_point(intervals_.begin() + static_cast<std::ptrdiff_t>(first_), stretch_end,
                           [&record](const Interval& interval) { return interval.end <= record.core.pos; });
  return first != stretch_end && bam_endpos(&record) > first->begin;
}

int CramRegions::read(bam1_t& record) {
  constexpr int malformed = -2;
  while (true) {
    if (!stretch_) {
      if (!open_next()) return -1;
      if (!stretch_) return malformed;
    }
    const int result = sam_itr_next(&file_, stretch_.get(), &record);
    if (result < -1) return result;
    if (result == -1) {
      stretch_.reset();
    } else if (is_wanted(record)) {
      return result;
    }
  }
}

}  // namespace mrf::bam
