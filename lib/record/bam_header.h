// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mrf {

/// The size in bytes of the header at the front of an uncompressed BAM stream (SAM specification, section
/// 4.2): magic, text and reference sequences. 0 when it is not there whole.
std::size_t bam_header_size(std::string_view bytes);
/// Throws DataError when `bytes`, at least 4 unless the input is shorter, begin no BAM stream.
void check_bam_magic(std::string_view bytes, const std::string& input_name);
/// The part of a whole header that names the reference sequences.
std::string_view bam_references(std::string_view header);

}  // namespace mrf
