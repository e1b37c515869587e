// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bam/buffer.h"
#include "bam/hts.h"

namespace mrf::bam {

/// The size in bytes of the BAM header at the front of `bytes` (SAM specification, section 4.2); nothing
/// when more bytes are needed. Throws DataError with `name` when it is malformed.
std::optional<std::size_t> bam_header_size(std::string_view bytes, const std::string& name);

/// The header from a whole binary BAM header or from the '@' lines of a SAM file; `name` is for messages.
/// Names of references can be looked up from several threads. Throws DataError.
HeaderPtr parse_header(std::string_view bytes, const std::string& name);

/// The header as SAM text, as htslib writes it: @SQ lines come from the dictionary when the text has none.
std::string header_text(sam_hdr_t& header);
/// The header as BAM has it, not compressed.
void append_bam_header(sam_hdr_t& header, Buffer& to);

/// Adds a @PG line for this program, after those that are there (samtools(1), --no-PG). Throws Error.
void add_program_line(sam_hdr_t& header, const std::string& program, const std::string& version,
                      const std::string& command_line);

}  // namespace mrf::bam
