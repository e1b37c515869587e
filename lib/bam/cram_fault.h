// SPDX-License-Identifier: MIT
#pragma once

#include "sam/hts.h"
#include "sam/lenience.h"

namespace mrf::bam {

/// Why CRAM cannot hold a record whose lengths fit each other (cram_encode.c of htslib), for a message;
/// nullptr when it can.
const char* cram_fault(const bam1_t& record, const sam_hdr_t& header, sam::Lenience lenience);

}  // namespace mrf::bam
