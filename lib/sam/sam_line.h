// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sam/hts.h"

namespace mrf::sam {

/// Reads SAM lines of the usual form into the records that sam_parse1() of htslib makes of them, in a
/// fraction of its time; one for each thread, since it remembers the last reference.
class SamLine {
 public:
  /// False when the line is of an unusual form or malformed, which htslib and fault_of() tell apart; then
  /// the record is undefined. Throws std::bad_alloc.
  bool parse(std::string_view line, const sam_hdr_t& header, bam1_t& record);

 private:
  bool find_reference(std::string_view name, const sam_hdr_t& header, std::int32_t& id);
  bool parse_place(class LineCursor& cursor, const sam_hdr_t& header, bam1_t& record,
                   struct Coverage& coverage);

  std::string name_;
  std::int32_t id_ = -1;
};

}  // namespace mrf::sam
