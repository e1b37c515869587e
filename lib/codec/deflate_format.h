// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace mrf::codec::deflate {

/// The numbers of DEFLATE (RFC 1951, section 3.2.5).
inline constexpr unsigned least_match = 3;
inline constexpr unsigned most_match = 258;
inline constexpr unsigned window = 32768;
inline constexpr std::size_t literal_symbols = 286;  ///< bytes, the end of a block, lengths
inline constexpr std::size_t distance_symbols = 30;
inline constexpr std::size_t end_of_block = 256;
inline constexpr std::size_t first_length = 257;
inline constexpr unsigned most_code_bits = 15;

inline constexpr std::size_t length_slots = 29;
inline constexpr std::array<std::uint16_t, length_slots> length_base{
    3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
inline constexpr std::array<std::uint8_t, length_slots> length_extra{
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

namespace detail {
consteval auto slots_of_lengths() {
  std::array<std::uint8_t, most_match + 1> slots{};
  std::size_t slot = 0;
  for (std::size_t length = least_match; length <= most_match; ++length) {
    while (slot + 1 < length_slots && length >= length_base[slot + 1]) ++slot;
    slots[length] = static_cast<std::uint8_t>(slot);
  }
  return slots;
}
inline constexpr auto length_slot_table = slots_of_lengths();
}  // namespace detail

/// The slot of a length of 3 to 258: its symbol is first_length + slot.
constexpr std::size_t length_slot(std::size_t length) { return detail::length_slot_table[length]; }

/// The symbol of a distance of 1 to 32,768.
constexpr std::size_t distance_slot(std::uint32_t distance) {
  const std::uint32_t from_zero = distance - 1;
  if (from_zero < 4) return from_zero;
  const auto top = static_cast<std::uint32_t>(std::bit_width(from_zero)) - 1;
  return 2 * top + ((from_zero >> (top - 1)) & 1);
}
/// The extra bits behind a distance's symbol.
constexpr unsigned distance_extra(std::size_t slot) {
  return slot < 4 ? 0 : static_cast<unsigned>(slot / 2 - 1);
}
/// The least distance of a symbol.
constexpr std::uint32_t distance_base(std::size_t slot) {
  return slot < 4 ? static_cast<std::uint32_t>(slot) + 1
                  : ((2 + (static_cast<std::uint32_t>(slot) & 1)) << distance_extra(slot)) + 1;
}

/// Some literals, and the match behind them, or none.
struct Sequence {
  std::uint32_t literals = 0;
  std::uint16_t length = 0;             ///< 0: no match
  std::uint16_t distance_less_one = 0;  ///< 0 to 32,767
};

/// How often each symbol occurs.
struct Frequencies {
  std::array<std::uint32_t, literal_symbols> literals{};
  std::array<std::uint32_t, distance_symbols> distances{};
};

}  // namespace mrf::codec::deflate
