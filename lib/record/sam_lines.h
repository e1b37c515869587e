// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mrf::record {

/// What the lines of SAM text are (SAM specification, sections 1.3 and 1.4), for every program that looks for
/// its header: the header is the lines at the top that begin with '@'. Read names cannot begin with '@', but
/// BAM can hold such names, and as text their records look like header lines. So a line that begins with '@'
/// and has the eleven fields of a record, with numbers where a record has them, is neither: it is bad data,
/// wherever it stands, and so is any line that begins with '@' behind the first record.

/// Whether a line that begins with '@' has the shape of a record.
bool has_record_shape(std::string_view line);

/// Throws DataError for a line that begins with '@' and is no header line: it has the shape of a record, or
/// stands behind the first record. `record` is the number, from 1, of the record that it is in the place of;
/// `line` may have more behind its newline.
[[noreturn]] void refuse_header_line(std::string_view line, std::uint64_t record,
                                     const std::string& input_name);

}  // namespace mrf::record
