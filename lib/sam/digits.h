// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace mrf::sam {

/// What any number below takes at most, in bytes.
inline constexpr std::size_t digits_room = 24;

/// Writes a decimal number; returns its end.
template <typename Integer>
char* write_number(Integer number, char* to) {
  if (number >= 0 && number < 10) {
    *to = static_cast<char>('0' + number);
    return to + 1;
  }
  if (number >= 10 && number < 100) {
    const auto small = static_cast<unsigned>(number);
    to[0] = static_cast<char>('0' + small / 10);
    to[1] = static_cast<char>('0' + small % 10);
    return to + 2;
  }
  if constexpr (sizeof number > sizeof(std::uint32_t)) {  // of which most are small, and divide slowly
    if (number >= 0 && number <= UINT32_MAX) return write_number(static_cast<std::uint32_t>(number), to);
  }
  return std::to_chars(to, to + digits_room, number).ptr;
}

/// As printf(3) does with %g.
inline char* write_real(double number, char* to) {
  return std::to_chars(to, to + digits_room, number, std::chars_format::general, 6).ptr;
}

/// Whether the decimal text of a real number stands for 0: what becomes 0 all the same is too small for its
/// type.
inline bool is_zero(std::string_view text) {
  return text.substr(0, text.find_first_of("eE")).find_first_of("123456789") == std::string_view::npos;
}

}  // namespace mrf::sam
