// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "bam/source.h"

namespace mrf::bam {

/// The records of a CRAM file, read by htslib.
std::unique_ptr<Source> make_cram_source(Input& input);

}  // namespace mrf::bam
