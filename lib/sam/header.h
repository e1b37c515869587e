// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sam/buffer.h"
#include "sam/hts.h"

namespace mrf::bam {

/// The size in bytes of the BAM header at the front of `bytes` (SAM specification, section 4.2); nothing
/// when more bytes are needed. Throws DataError with `name` when it is malformed.
std::optional<std::size_t> bam_header_size(std::string_view bytes, const std::string& name);

/// The header from a whole binary BAM header or from the '@' lines of a SAM file; `name` is for messages.
/// Names of references can be looked up from several threads. Throws DataError.
HeaderPtr parse_header(std::string_view bytes, const std::string& name);

/// `header`, just read, with the lengths of its text where the dictionary of a BAM, which has 32 bits for
/// each, cannot hold them. Throws DataError.
HeaderPtr with_long_references(HeaderPtr header, const std::string& name);

/// The header as SAM text, as htslib writes it: @SQ lines come from the dictionary when the text has none.
std::string header_text(sam_hdr_t& header);
/// The header as BAM has it, not compressed.
void append_bam_header(sam_hdr_t& header, Buffer& to);

enum class Names { compared, ignored };
/// What is different in the dictionaries of references of two headers, for a message; empty for nothing.
std::string difference(const sam_hdr_t& first, const sam_hdr_t& second, Names names);

/// Reads a header from a SAM, BAM or CRAM file, or from a text file with the header alone. Throws Error.
HeaderPtr read_header_file(const std::string& path);

/// What a @PG line says of a program.
struct Program {
  std::string name;
  std::string version;
  std::string command_line;
};
/// `words` as a command line, with URLs as messages show them and blanks for control characters, which would
/// end the field or the line.
std::string command_line(std::span<char* const> words);

/// Adds a @PG line, with a PP to each chain of those that are there (SAM specification, section 1.3). Throws
/// DataError.
void add_program_line(sam_hdr_t& header, const Program& program);

}  // namespace mrf::bam
