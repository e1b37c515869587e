// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf::bam {

/// Writes the index of a BAM, a CRAM or a SAM in BGZF, a file whose records are sorted by position, as an
/// output file: BAI, or CSI when a reference has more than 2^29 bases, or CRAI, the same as `samtools index`
/// writes. Throws DataError "cannot index" for records that are not sorted and for what has no index,
/// SystemError.
void write_file_index(const std::string& path, const std::string& to, unsigned threads);

}  // namespace mrf::bam
