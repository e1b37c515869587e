// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "bam/hts.h"

namespace mrf::bam {

/// What is wrong with a SAM line that htslib refuses (SAM specification, sections 1.4 and 1.5): the first
/// fault from the left, for a message. Never empty.
std::string fault_of(std::string_view line, const sam_hdr_t& header);

/// Says which reference name of a well-formed line the header does not have; empty when it has both.
/// htslib would make such a record an unmapped one.
std::string unknown_reference(std::string_view line, const sam_hdr_t& header);

}  // namespace mrf::bam
