// SPDX-License-Identifier: MIT
#include "sam/lenience.h"

#include <fmt/format.h>

#include "base/message.h"

namespace mrf::sam {

const char* description(Deviation kind) {
  switch (kind) {
    case Deviation::name:
      return "read names that SAM does not allow, kept";
    case Deviation::position:
      return "positions below 0, kept";
    case Deviation::flag:
      return "flags that are not decimal numbers, kept by value";
    case Deviation::sequence:
      return "sequences with letters that BAM does not have, written in upper case or as N";
    case Deviation::tag_name:
      return "optional fields with a name that SAM does not allow, kept";
    case Deviation::tag_type:
      return "optional fields of a type that SAM does not have, written with another where need be";
    case Deviation::tag_value:
      return "optional fields with a value that is not one of their type, as samtools takes it";
    case Deviation::tag_twice:
      return "records with one optional field twice, kept";
    case Deviation::empty_field:
      return "lines with an empty field at the end, dropped";
    case Deviation::quality:
      return "single bases of quality 9, which as text is no quality";
    case Deviation::last_line:
      return "last lines without a newline, taken as whole";
    case Deviation::name_end:
      return "read names without their end, which is added";
    case Deviation::header:
      return "header lines that SAM does not allow, kept";
    case Deviation::cram_unmapped:
      return "unmapped reads with a mapping quality or a CIGAR, which are lost";
    case Deviation::cram_mate:
      return "reads that are not paired but have RNEXT, which is lost";
  }
  return "";
}

void warn_of(const DeviationCounts& counts, const char* name) {
  for (std::size_t i = 0; i < deviation_kinds; ++i) {
    if (counts.counts[i] == 0) continue;
    base::warn(fmt::format("'{}' has {} {}", name, counts.counts[i], description(static_cast<Deviation>(i))));
  }
}

}  // namespace mrf::sam
