// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf::io {

/// What kind of file an index of alignments is for.
enum class IndexOf { bam, cram };  ///< compressed SAM is as BAM

/// The index that htslib reads for the local file `path`, the first of its names that there is: PATH.csi, and
/// then PATH.bai or PATH.crai, each also without the extension of PATH. Empty when there is none.
std::string index_beside(const std::string& path, IndexOf kind);

/// Says by warn() when that index is older than the file: it may be that of an earlier file, and records may
/// be missing from what is read by it. Times count in seconds, as for htslib.
void warn_of_old_index(const std::string& path, IndexOf kind);

}  // namespace mrf::io
