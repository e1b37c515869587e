// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "bam/source.h"

namespace mrf::bam {

/// The records of an indexed input (BAI, CSI, CRAI) that overlap any of the regions, each one once, in
/// the order of the input. Throws UsageError for a region that the header does not know.
std::unique_ptr<Source> make_region_source(Input& input, const SourceOptions& options);

}  // namespace mrf::bam
