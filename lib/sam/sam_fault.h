// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "sam/hts.h"
#include "sam/lenience.h"

namespace mrf::sam {

/// What is wrong with a SAM line (SAM specification, sections 1.4 and 1.5): the first fault from the left,
/// for a message; empty when there is none. htslib lets many of them pass and makes another record of the
/// line: letters that are no bases, numbers out of range, fields of unknown types. Those that `lenience`
/// takes are counted.
std::string fault_of(std::string_view line, const sam_hdr_t& header, Lenience lenience = Lenience());

/// Makes the record of a line without a fault, in any form that the specification knows, with the help of
/// htslib's parser; what that changes (FLAG, RNAME and RNEXT of a read without a place or a CIGAR) stays as
/// the line has it. `text` is room for a copy. False when htslib finds the line malformed. Throws
/// std::bad_alloc.
bool parse_unusual(std::string_view line, const sam_hdr_t& header, Text& text, bam1_t& record);

}  // namespace mrf::sam
