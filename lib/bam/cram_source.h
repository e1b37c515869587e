// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "bam/source.h"

namespace mrf::bam {

/// The records of a CRAM file, read by htslib. `reference` is the FASTA file to use, or empty.
std::unique_ptr<Source> make_cram_source(Input& input, const SourceOptions& options);

}  // namespace mrf::bam
