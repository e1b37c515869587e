// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace mrf::sam {

/// The characters that the SAM specification allows (sections 1.4 and 1.5).

/// Of a read name: [!-?A-~]. Its length is not looked at.
inline bool are_name_characters(std::string_view text) {
  bool good = true;
  for (const char c : text) good &= c > ' ' && c <= '~' && c != '@';
  return good;
}
/// Of text, a field of type Z: [ -~].
inline bool are_printable(std::string_view text) {
  bool good = true;
  for (const char c : text) good &= c >= ' ' && c <= '~';
  return good;
}
inline bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// The first two characters of an optional field: [A-Za-z][A-Za-z0-9].
inline bool is_tag_name(const char* name) {
  return is_letter(name[0]) && (is_letter(name[1]) || is_digit(name[1]));
}
/// Of a field of type H: pairs of [0-9A-F].
inline bool are_hex_pairs(std::string_view text) {
  bool good = text.size() % 2 == 0;
  for (const char c : text) good &= is_digit(c) || (c >= 'A' && c <= 'F');
  return good;
}
/// Of a field of type A: [!-~].
inline bool is_visible(char c) { return c > ' ' && c <= '~'; }

}  // namespace mrf::sam
