// SPDX-License-Identifier: MIT
#include "stream/scan.h"

#include <cstring>

namespace mrf {

Ends find_ends(std::string_view bytes, char delimiter, std::uint64_t at_most) {
  Ends found;
  while (found.count < at_most) {
    const std::string_view rest = bytes.substr(found.end);
    const void* hit = std::memchr(rest.data(), delimiter, rest.size());
    if (hit == nullptr) break;
    found.end = static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data()) + 1;
    ++found.count;
  }
  return found;
}

std::size_t last_end(std::string_view bytes, char delimiter) {
  const void* hit = ::memrchr(bytes.data(), delimiter, bytes.size());
  return hit == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data()) + 1;
}

}  // namespace mrf
