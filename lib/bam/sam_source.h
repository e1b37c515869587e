// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "bam/block_source.h"

namespace mrf::bam {

/// The records of SAM text, in BGZF blocks, gzipped, or plain. A record that names a reference which the
/// header does not have is malformed.
std::unique_ptr<Source> make_sam_source(Input& input, bool permissive);

}  // namespace mrf::bam
