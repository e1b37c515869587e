// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "bam/block_source.h"

namespace mrf::bam {

/// The records of a BAM stream, in BGZF blocks or not.
std::unique_ptr<Source> make_bam_source(Input& input, bool permissive);

}  // namespace mrf::bam
