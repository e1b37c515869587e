// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "bam/intervals.h"
#include "sam/hts.h"

namespace mrf::bam {

/// The intervals of a BED file: reference, begin and end from 0, end excluded, between tabs or blanks. A line
/// of two columns is a position from 1, as samtools-view(1) takes it with -L. Empty lines, comments, and
/// lines that begin with "browser" or "track" and are no interval say nothing.
class Bed {
 public:
  /// Reads the file, gzipped or not; "-" is standard input. Throws Error, DataError with the line of what is
  /// malformed.
  explicit Bed(const std::string& path);

  /// Those of the references of `header`. Throws DataError when there are intervals, but none on these
  /// references.
  std::vector<Interval> intervals(sam_hdr_t& header) const;

 private:
  struct Line {
    std::string reference;
    hts_pos_t begin;
    hts_pos_t end;
  };

  void add(std::string_view line, std::uint64_t number);

  std::string name_;
  std::vector<Line> lines_;
};

}  // namespace mrf::bam
