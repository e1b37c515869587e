// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mrf {

/// Delimiters found from the front of some bytes.
struct Ends {
  std::uint64_t count = 0;
  /// One past the last delimiter counted, 0 when there was none.
  std::size_t end = 0;
};

/// Counts `delimiter` in `bytes`, stopping at the one that makes `at_most`.
Ends find_ends(std::string_view bytes, char delimiter, std::uint64_t at_most);

/// One past the last `delimiter` in `bytes`, 0 when there is none.
std::size_t last_end(std::string_view bytes, char delimiter);

}  // namespace mrf
