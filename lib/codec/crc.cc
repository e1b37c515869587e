// SPDX-License-Identifier: MIT
#include "codec/crc.h"

#include <libdeflate.h>

namespace mrf::codec {

namespace {

// Polynomials over GF(2), the coefficient of x^0 in the highest bit.
std::uint32_t multiply(std::uint32_t a, std::uint32_t b, std::uint32_t modulus) {
  std::uint32_t product = 0;
  for (std::uint32_t bit = std::uint32_t{1} << 31; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b & 1) != 0 ? (b >> 1) ^ modulus : b >> 1;
  }
  return product;
}

// A CRC moves by one byte when it is multiplied by x^8.
std::uint32_t combine(std::uint32_t a, std::uint32_t b, std::uint64_t length_b, std::uint32_t modulus) {
  std::uint32_t power = std::uint32_t{1} << 23;
  for (; length_b != 0; length_b >>= 1) {
    if ((length_b & 1) != 0) a = multiply(power, a, modulus);
    power = multiply(power, power, modulus);
  }
  return a ^ b;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) { return ::libdeflate_crc32(0, bytes.data(), bytes.size()); }

std::uint32_t join_crc32c(std::uint32_t a, std::uint32_t b, std::uint64_t length_b) {
  return combine(a, b, length_b, 0x82f63b78);
}

std::uint32_t join_crc32(std::uint32_t a, std::uint32_t b, std::uint64_t length_b) {
  return combine(a, b, length_b, 0xedb88320);
}

}  // namespace mrf::codec
