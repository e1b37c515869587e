// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sam/buffer.h"
#include "sam/hts.h"
#include "sam/lenience.h"

namespace mrf::sam {

/// Checks the lines of a header's text against the SAM specification, section 1.3. Throws DataError with the
/// number of the first bad line, counted from 1.
void check_header_text(std::string_view text, const std::string& name, Lenience lenience = Lenience());

/// The header of a whole binary BAM header: its text ends at the first NUL, and names the references that its
/// list names. The @HD line becomes the first line. Names of references can be looked up from several
/// threads. Throws DataError.
HeaderPtr parse_bam_header(std::string_view bytes, const std::string& name, Lenience lenience = Lenience());
/// The same of the '@' lines of a SAM file.
HeaderPtr parse_sam_header(std::string_view text, const std::string& name, Lenience lenience = Lenience());
/// The same of a header that htslib has read from a file. A reference that is longer than the list can say
/// has the length that the text says.
HeaderPtr checked_header(sam_hdr_t& header, const std::string& name, Lenience lenience = Lenience());

/// The header as SAM text, as htslib writes it: @SQ lines come from the dictionary when the text has none.
std::string header_text(sam_hdr_t& header);
/// The header as BAM has it, not compressed.
void append_bam_header(sam_hdr_t& header, Buffer& to);

enum class Names { compared, ignored };
/// What is different in the dictionaries of references of two headers, for a message; empty for nothing.
std::string difference(const sam_hdr_t& first, const sam_hdr_t& second, Names names);

/// What a @PG line says of a program.
struct Program {
  std::string name;
  std::string version;
  std::string command_line;
};
/// `words` as a command line, with URLs as messages show them and blanks for control characters, which would
/// end the field or the line.
std::string command_line(std::span<char* const> words);

/// Says in the @HD line that the records are in no order: SO becomes "unsorted" where it names an order, and
/// GO and SS go, as with samtools. Throws DataError.
void mark_unsorted(sam_hdr_t& header);

/// Adds a @PG line, with a PP to each chain of those that are there (SAM specification, section 1.3). Throws
/// DataError.
void add_program_line(sam_hdr_t& header, const Program& program);

}  // namespace mrf::sam
