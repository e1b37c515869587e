// SPDX-License-Identifier: MIT
#include "codec/huffman.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

using mrf::codec::deflate::assign_codes;
using mrf::codec::deflate::code_lengths;

namespace {

std::vector<std::uint8_t> lengths_of(const std::vector<std::uint32_t>& frequencies, unsigned most_bits) {
  std::vector<std::uint8_t> lengths(frequencies.size());
  mrf::codec::deflate::code_lengths(frequencies, most_bits, lengths);
  return lengths;
}

std::uint64_t size_of(const std::vector<std::uint32_t>& frequencies,
                      const std::vector<std::uint8_t>& lengths) {
  return std::inner_product(frequencies.begin(), frequencies.end(), lengths.begin(), std::uint64_t{0});
}

// The sum of 2^-length, in units of 2^-15.
std::uint32_t kraft_sum(const std::vector<std::uint8_t>& lengths) {
  std::uint32_t sum = 0;
  for (const std::uint8_t length : lengths) sum += length == 0 ? 0 : 1U << (15 - length);
  return sum;
}

// The least size of any code of these frequencies in which no length is over `left` bits: all lengths of the
// symbols in turn, those of less frequent ones not shorter.
std::uint64_t least_size(const std::vector<std::uint32_t>& descending, std::size_t at, unsigned from,
                         unsigned most_bits, std::uint32_t used) {
  if (used > 1U << 15) return ~std::uint64_t{0};
  if (at == descending.size()) return 0;
  std::uint64_t best = ~std::uint64_t{0};
  for (unsigned length = from; length <= most_bits; ++length) {
    const std::uint64_t rest =
        least_size(descending, at + 1, length, most_bits, used + (1U << (15 - length)));
    if (rest != ~std::uint64_t{0}) best = std::min(best, rest + std::uint64_t{descending[at]} * length);
  }
  return best;
}

}  // namespace

TEST_CASE("code lengths: nothing, one symbol, two") {
  CHECK(lengths_of({0, 0, 0}, 15) == std::vector<std::uint8_t>{0, 0, 0});
  CHECK(lengths_of({0, 7, 0}, 15) == std::vector<std::uint8_t>{0, 1, 0});
  CHECK(lengths_of({1, 0, 1000000}, 15) == std::vector<std::uint8_t>{1, 0, 1});
}

TEST_CASE("code lengths: frequencies like Fibonacci's numbers stay within the limit, and fill it") {
  std::vector<std::uint32_t> frequencies{1, 1};
  while (frequencies.size() < 40) frequencies.push_back(frequencies.end()[-1] + frequencies.end()[-2]);
  for (const unsigned most : {6U, 7U, 9U, 15U}) {
    const auto lengths = lengths_of(frequencies, most);
    CHECK(*std::max_element(lengths.begin(), lengths.end()) <= most);
    CHECK(kraft_sum(lengths) == 1U << 15);
  }
}

TEST_CASE("code lengths: no code within the limit is shorter") {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint32_t> frequencies(2 + random() % 6);
    for (auto& frequency : frequencies)
      frequency = 1 + static_cast<std::uint32_t>(random() % (1U << (1 + random() % 12)));
    std::sort(frequencies.rbegin(), frequencies.rend());
    const auto most = static_cast<unsigned>(3 + random() % 3);
    const auto lengths = lengths_of(frequencies, most);
    CHECK(*std::max_element(lengths.begin(), lengths.end()) <= most);
    CHECK(kraft_sum(lengths) <= 1U << 15);
    CHECK(size_of(frequencies, lengths) == least_size(frequencies, 0, 1, most, 0));
  }
}

TEST_CASE("codes are canonical and written from their last bit on: the example of RFC 1951, section 3.2.2") {
  const std::array<std::uint8_t, 8> lengths{3, 3, 3, 3, 3, 2, 4, 4};
  std::array<std::uint16_t, 8> codes{};
  mrf::codec::deflate::assign_codes(lengths, codes);
  // 010 011 100 101 110 00 1110 1111
  CHECK(codes == std::array<std::uint16_t, 8>{0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111});
}
