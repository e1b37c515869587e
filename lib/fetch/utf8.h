// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mrf::fetch {

/// True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text);

/// True for UTF-8 without characters that deceive whoever reads a name: C1 controls, marks of direction
/// (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), line separators, and characters of no width.
bool is_plain_utf8(std::string_view text);

/// ISO-8859-1 as UTF-8.
std::string utf8_of_latin1(std::string_view text);

}  // namespace mrf::fetch
