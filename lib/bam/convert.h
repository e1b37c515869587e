// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "bam/encoder.h"
#include "bam/selection.h"
#include "bam/source.h"
#include "io/output_file.h"
#include "io/stats.h"

namespace mrf::bam {

struct ConvertOptions {
  unsigned threads = 0;  ///< besides the calling one
  bool header_only = false;
  bool allow_truncated = false;  ///< an input that is cut off is worth a warning only
  Selection selection;
};

/// Takes the records of `sources` through `encoder` into `output`, in order. What comes before a fault is
/// written, and the output is broken off there (Encoder::break_off()); then it throws DataError, as for a
/// truncated input. Says by warn() what was let pass. The caller commits the output.
void convert(SourceList& sources, Encoder& encoder, io::OutputFile& output, const ConvertOptions& options,
             io::Stats& stats);

}  // namespace mrf::bam
