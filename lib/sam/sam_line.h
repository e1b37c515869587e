// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sam/hts.h"

namespace mrf::sam {

/// Finds the numbers of references by their names, and remembers the last one.
class ReferenceFinder {
 public:
  /// False when the header has no such reference.
  bool find(std::string_view name, const sam_hdr_t& header, std::int32_t& id);

 private:
  std::string name_;
  std::int32_t id_ = -1;
};

/// Reads SAM lines of the usual form into the records that sam_parse1() of htslib makes of them, in a
/// fraction of its time; one for each thread.
class SamLine {
 public:
  /// False when the line is of an unusual form or malformed, which htslib and fault_of() tell apart; then
  /// the record is undefined. Throws std::bad_alloc.
  bool parse(std::string_view line, const sam_hdr_t& header, bam1_t& record);

 private:
  ReferenceFinder references_;
};

}  // namespace mrf::sam
