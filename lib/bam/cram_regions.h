// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "bam/intervals.h"
#include "sam/hts.h"

namespace mrf::bam {

/// Reads the records of a CRAM that overlap any of the intervals, each record once, in the order of the file.
///
/// htslib 1.16 has an iterator over several regions (sam_itr_regions()), but for CRAM it leaves out the
/// records of a reference that follows a region without an end, and adds records of other references when a
/// container has several. Its iterator over one region does neither, so each stretch of the file is read by
/// one of those, and what lies between the intervals of a stretch is left out here.
class CramRegions {
 public:
  /// Both outlive this object; `file` is open for reading, `index` is its CRAI.
  CramRegions(htsFile& file, const hts_idx_t& index, const IntervalSet& regions);

  /// As sam_itr_next(): not negative for a record, -1 at the end, less when the input is bad.
  int read(bam1_t& record);

 private:
  struct IteratorDeleter {
    void operator()(hts_itr_t* iterator) const { hts_itr_destroy(iterator); }
  };

  bool open_next();
  bool is_wanted(const bam1_t& record) const;

  htsFile& file_;
  const hts_idx_t& index_;
  std::vector<Interval> intervals_;  // disjoint, in the order of the file
  std::size_t first_ = 0;            // the first of the present stretch
  std::size_t last_ = 0;             // the first after the present stretch
  hts_pos_t read_until_ = 0;         // records of this reference that begin before were in an earlier stretch
  std::unique_ptr<hts_itr_t, IteratorDeleter> stretch_;
};

}  // namespace mrf::bam
