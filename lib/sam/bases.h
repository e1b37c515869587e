// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace mrf::sam {

/// Sequences and qualities between BAM (SAM specification, section 4.2.3: two bases a byte, qualities from 0)
/// and SAM, a vector at a time.

/// The largest quality that is a character of SAM text, '~'.
inline constexpr std::uint8_t highest_quality = '~' - '!';

/// Writes `n` bases and their qualities, with a tab between them, as SAM has them: 2 * n + 1 bytes, of which
/// the quality is only "*" when the first one is 0xff. Returns the end, or null when a
/// quality is more than highest_quality.
char* write_bases(const std::uint8_t* packed, const std::uint8_t* qualities, std::size_t n, char* to);

/// Packs `n` bases of text into (n + 1) / 2 bytes. False when a character is none of "=ACMGRSVTWYHKDBN", of
/// which write_bases() would make another one; `to` is then undefined.
bool pack_bases(const char* text, std::size_t n, std::uint8_t* to);

/// Makes `n` qualities of text. False when a character is not between '!' and '~'; `to` is then undefined.
bool pack_qualities(const char* text, std::size_t n, std::uint8_t* to);

}  // namespace mrf::sam
