// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "sam/hts.h"

namespace mrf::bam {

/// A part of a reference; positions count from 0, and `end` does not belong to it.
struct Interval {
  int reference =
      0;  ///< its number in the header, or HTS_IDX_START (all records) or HTS_IDX_NOCOOR (the unplaced)
  hts_pos_t begin = 0;
  hts_pos_t end = HTS_POS_MAX;
};

/// Which records belong to an interval.
enum class RegionRule {
  overlaps,  ///< those that have a base in it, as samtools-view(1) has it
  starts,    ///< those whose first position lies in it, so that a record belongs to one of disjoint intervals
};

/// Intervals, and which records belong to them.
class IntervalSet {
 public:
  /// Sorts the intervals and joins those that overlap or touch.
  explicit IntervalSet(std::vector<Interval> intervals);

  /// Disjoint, in the order of a sorted file: all records, then the references in the order of the header,
  /// then the unplaced.
  const std::vector<Interval>& intervals() const { return intervals_; }
  /// Whether a record belongs to any of the intervals. A record without a CIGAR covers one base; one of a
  /// reference but without a position starts at the first base.
  bool has(const bam1_t& record, RegionRule rule) const;

 private:
  std::vector<Interval> intervals_;
};

}  // namespace mrf::bam
