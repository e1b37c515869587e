// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "bam/encoder.h"
#include "io/output_file.h"

namespace mrf::bam {

/// Throws UsageError when `output` is no file beside which an index could stand.
void check_can_index(const io::OutputFile& output);

/// Gives `output` its name, `path`, and its index that of `path` with the index's extension; neither when the
/// index cannot be made. Throws Error.
void commit_with_index(Encoder& encoder, io::OutputFile& output, const std::string& path);

}  // namespace mrf::bam
