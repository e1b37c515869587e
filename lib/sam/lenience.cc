// SPDX-License-Identifier: MIT
#include "sam/lenience.h"

#include <fmt/format.h>

#include "base/message.h"

namespace mrf::sam {

const char* description(Lax kind) {
  switch (kind) {
    case Lax::name:
      return "read names that SAM does not allow, kept";
    case Lax::position:
      return "positions below 0, kept";
    case Lax::flag:
      return "flags that are not decimal numbers, kept by value";
    case Lax::sequence:
      return "sequences with letters that BAM does not have, now in upper case or N";
    case Lax::tag_name:
      return "optional fields with a name that SAM does not allow, kept";
    case Lax::tag_type:
      return "optional fields of a type that SAM does not have, now of another where need be";
    case Lax::tag_value:
      return "optional fields with a value that is not one of their type, as samtools takes it";
    case Lax::tag_twice:
      return "records with one optional field twice, kept";
    case Lax::empty_field:
      return "lines with an empty field at the end, dropped";
    case Lax::quality:
      return "single bases of quality 9, which as text is no quality";
    case Lax::last_line:
      return "last lines without a newline, taken as whole";
    case Lax::name_end:
      return "read names without their end, now with it";
    case Lax::header:
      return "header lines that SAM does not allow, kept";
    case Lax::cram_unmapped:
      return "unmapped reads with a mapping quality or a CIGAR, which are lost";
    case Lax::cram_mate:
      return "reads that are not paired but have RNEXT, which is lost";
  }
  return "";
}

void warn_of(const LaxCounts& counts, const char* name) {
  for (std::size_t i = 0; i < lax_kinds; ++i) {
    if (counts.counts[i] == 0) continue;
    base::warn(fmt::format("'{}' has {} {}", name, counts.counts[i], description(static_cast<Lax>(i))));
  }
}

}  // namespace mrf::sam
