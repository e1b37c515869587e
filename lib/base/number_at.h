// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace mrf::base {

static_assert(std::endian::native == std::endian::little);

/// The little-endian number at `at`, as BAM and gzip store theirs; 0 where the bytes end before it does.
template <typename Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number{};
  if (at + sizeof number <= bytes.size()) std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

}  // namespace mrf::base
