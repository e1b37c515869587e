// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "sam/hts.h"

namespace mrf::bam {

/// What is wrong with a SAM line (SAM specification, sections 1.4 and 1.5): the first fault from the left,
/// for a message; empty when there is none. htslib lets some of them pass and makes another record of the
/// line: a reference that the header does not have, numbers out of range, text behind a number.
std::string fault_of(std::string_view line, const sam_hdr_t& header);

}  // namespace mrf::bam
