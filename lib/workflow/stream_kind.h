// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf {

/// What a file is by its name (mrf-run(1), KINDS).
struct StreamKind {
  bool is_alignment = false;    ///< SAM, BAM or CRAM
  std::string format;           ///< "sam", "sam.gz", "bam" or "cram" of an alignment
  std::string record = "line";  ///< for --record: "line" or "fastq"
  bool is_gzip = false;         ///< the name ends in .gz
};

/// From the name's ending, without .gz; of a URL, its path's.
StreamKind kind_of(const std::string& name);

/// True for http:// and https:// names.
bool is_url(const std::string& name);

}  // namespace mrf
