// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstdint>

namespace mrf::bam {

/// What any number below takes at most, in bytes.
inline constexpr std::size_t digits_room = 24;

/// Writes a decimal number; returns its end.
template <typename Integer>
char* write_number(Integer number, char* to) {
  if (number >= 0 && number < 10) {
    *to = static_cast<char>('0' + number);
    return to + 1;
  }
  return std::to_chars(to, to + digits_room, number).ptr;
}

/// As printf(3) does with %g.
inline char* write_real(double number, char* to) {
  return std::to_chars(to, to + digits_room, number, std::chars_format::general, 6).ptr;
}

}  // namespace mrf::bam
