// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf::workflow {

/// What a stream is by its name or by --input-format or --output-format (mrf-run(1), Kinds).
struct StreamKind {
  std::string format;    ///< "sam", "sam.gz", "bam", "cram", "fastq", "fasta", "lines"
  bool is_told = false;  ///< the name or the option says it; else it is lines for want of anything better
  bool is_gzip = false;  ///< the name ends in .gz

  /// SAM, BAM or CRAM.
  bool is_alignment() const;
  /// For --record: "fastq", "fasta", else "line".
  std::string record() const;
};

/// From the name's ending, letters of either case, without .gz; of a URL, its path's.
StreamKind kind_of(const std::string& name);

/// From the value of --input-format or --output-format: bam, cram, sam, fastq, fasta or lines. `option` is
/// for the UsageError of anything else.
StreamKind kind_of_format(const std::string& option, const std::string& format);

/// True for http:// and https:// names.
bool is_url(const std::string& name);

}  // namespace mrf::workflow
