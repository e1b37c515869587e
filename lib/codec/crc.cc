// SPDX-License-Identifier: MIT
#include "codec/crc.h"

#include <array>
#include <cstddef>

namespace mrf::codec {

namespace {

template <typename Word>
constexpr Word highest_bit = Word{1} << (8 * sizeof(Word) - 1);

// Polynomials over GF(2), the coefficient of x^0 in the highest bit.
template <typename Word>
Word multiply(Word a, Word b, Word modulus) {
  Word product = 0;
  for (Word bit = highest_bit<Word>; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b & 1) != 0 ? (b >> 1) ^ modulus : b >> 1;
  }
  return product;
}

// A CRC moves by one byte when it is multiplied by x^8.
template <typename Word>
Word combine(Word a, Word b, std::uint64_t length_b, Word modulus) {
  Word power = highest_bit<Word> >> 8;
  for (; length_b != 0; length_b >>= 1) {
    if ((length_b & 1) != 0) a = multiply(power, a, modulus);
    power = multiply(power, power, modulus);
  }
  return a ^ b;
}

constexpr std::uint64_t nvme_modulus = 0x9a6c9329ac4bc9b5;

using Tables64 = std::array<std::array<std::uint64_t, 256>, 8>;

// tables[k][b]: byte b followed by k zero bytes ("slicing by 8").
constexpr Tables64 make_nvme_tables() {
  Tables64 tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ nvme_modulus : crc >> 1;
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr Tables64 nvme_tables = make_nvme_tables();

// Eight bytes at a time.
std::uint64_t add_to_nvme(std::uint64_t crc, const unsigned char* data) {
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < 8; ++i) next ^= nvme_tables[7 - i][(data[i] ^ (crc >> (8 * i))) & 0xff];
  return next;
}

}  // namespace

// Each step waits for the one before it, so that two halves side by side take little more time than one.
std::uint64_t crc64nvme(std::string_view bytes) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::size_t half = bytes.size() / 2 / 8 * 8;
  std::uint64_t first = ~std::uint64_t{0};
  std::uint64_t second = first;
  for (std::size_t at = 0; at < half; at += 8) {
    first = add_to_nvme(first, data + at);
    second = add_to_nvme(second, data + half + at);
  }
  for (std::size_t at = 2 * half; at < bytes.size(); ++at)
    second = (second >> 8) ^ nvme_tables[0][(second ^ data[at]) & 0xff];
  return half == 0 ? ~second : join_crc64nvme(~first, ~second, bytes.size() - half);
}

std::uint64_t join_crc64nvme(std::uint64_t a, std::uint64_t b, std::uint64_t length_b) {
  return combine(a, b, length_b, nvme_modulus);
}

std::uint32_t join_crc32c(std::uint32_t a, std::uint32_t b, std::uint64_t length_b) {
  return combine(a, b, length_b, std::uint32_t{0x82f63b78});
}

std::uint32_t join_crc32(std::uint32_t a, std::uint32_t b, std::uint64_t length_b) {
  return combine(a, b, length_b, std::uint32_t{0xedb88320});
}

}  // namespace mrf::codec
