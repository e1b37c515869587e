// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mrf::record {

/// Delimiters found from the front of some bytes.
struct Ends {
  std::uint64_t count = 0;
  /// One past the last delimiter counted, 0 when there was none.
  std::size_t end = 0;
};

/// Counts `delimiter` in `bytes`, stopping at the one that makes `at_most`.
Ends find_ends(std::string_view bytes, char delimiter, std::uint64_t at_most);

/// Where `word`, of 4 bytes, begins in `bytes` for the first time at or behind `from`; npos when it does not.
std::size_t find_word(std::string_view bytes, std::string_view word, std::size_t from);

/// Where `first`, with `second` right behind it, stands in `bytes` for the first time at or behind `from`;
/// npos when it does not.
std::size_t find_pair(std::string_view bytes, char first, char second, std::size_t from);

/// One past the last `delimiter` in `bytes`, 0 when there is none.
std::size_t last_end(std::string_view bytes, char delimiter);

}  // namespace mrf::record
