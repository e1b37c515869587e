// SPDX-License-Identifier: MIT
#include <isa-l/crc.h>

#include "codec/crc.h"

namespace mrf::codec {

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, 1 << 30);
    // The function reads its argument only, but is not declared so.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(part.data()));
    crc = ::crc32_iscsi(data, static_cast<int>(part.size()), crc);
    bytes.remove_prefix(part.size());
  }
  return ~crc;
}

// With AVX-512 four times as fast as libdeflate's, which takes 6 % of the time that it takes to inflate.
std::uint32_t crc32(std::string_view bytes) {
  if (bytes.empty()) return 0;
  return ::crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

}  // namespace mrf::codec
