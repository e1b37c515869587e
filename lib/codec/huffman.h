// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace mrf::codec::deflate {

/// The lengths in bits of an optimal prefix code in which no code is longer than `most_bits` (at most 15):
/// Huffman's where that fits, else by package-merge (Larmore and Hirschberg 1990, doi 10.1145/79147.79150).
/// `frequencies` has at most 288 numbers, at most 2^most_bits of which are not 0. A symbol that does not
/// occur has length 0; a single symbol has length 1.
void code_lengths(std::span<const std::uint32_t> frequencies, unsigned most_bits,
                  std::span<std::uint8_t> lengths);

/// The canonical codes of these lengths (RFC 1951, section 3.2.2), the bits reversed, as they are written.
void assign_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes);

}  // namespace mrf::codec::deflate
