// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mrf::sam {

/// The characters that the SAM specification allows (sections 1.4 and 1.5). Eight are looked at at a time.

namespace word {

inline constexpr std::size_t size = sizeof(std::uint64_t);
/// `value` in each of the eight bytes.
constexpr std::uint64_t repeat(unsigned char value) { return 0x0101010101010101U * value; }

/// The top bits of the bytes that are below `first` or above '~'. The lowest one that is set is right; those
/// above it need not be.
template <unsigned char first>
constexpr std::uint64_t not_printable(std::uint64_t bytes) {
  return (((bytes - repeat(first)) & ~bytes) | (bytes + repeat(0x7f - '~')) | bytes) & repeat(0x80);
}
/// The same for the bytes that are `value`.
constexpr std::uint64_t equal(std::uint64_t bytes, unsigned char value) {
  const std::uint64_t zeros = bytes ^ repeat(value);
  return (zeros - repeat(1)) & ~zeros & repeat(0x80);
}

/// Which byte the lowest of the top bits belongs to.
constexpr std::size_t first(std::uint64_t top_bits) {
  return static_cast<std::size_t>(std::countr_zero(top_bits)) / 8;
}

inline std::uint64_t load(const char* at) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, size);
  return bytes;
}

/// Whether `bad` is 0 for all bytes of the text; it is asked about some of them twice.
template <typename Bad>
bool none(std::string_view text, Bad bad) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() < size) {
    std::uint64_t bytes = repeat('A');
    std::memcpy(&bytes, at, text.size());
    return bad(bytes) == 0;
  }
  std::uint64_t found = bad(load(end - size));
  for (; end - at > static_cast<std::ptrdiff_t>(size); at += size) found |= bad(load(at));
  return found == 0;
}

}  // namespace word

/// Of a read name: [!-?A-~]. Its length is not looked at.
inline bool are_name_characters(std::string_view text) {
  return word::none(
      text, [](std::uint64_t bytes) { return word::not_printable<'!'>(bytes) | word::equal(bytes, '@'); });
}
/// Of text, a field of type Z: [ -~].
inline bool are_printable(std::string_view text) { return word::none(text, word::not_printable<' '>); }

/// Copies the printable characters at the front of `from` to `to`, which has room for as many bytes as `from`
/// has, and returns their number. Bytes that are not printable may be copied behind them.
inline std::size_t copy_printable(std::string_view from, char* to) {
  const auto copy = [&](std::size_t at) {
    const std::uint64_t bytes = word::load(from.data() + at);
    std::memcpy(to + at, &bytes, word::size);
    return word::not_printable<' '>(bytes);
  };
  std::size_t at = 0;
  for (; from.size() - at >= word::size; at += word::size) {
    if (const std::uint64_t bad = copy(at); bad != 0) return at + word::first(bad);
  }
  if (at == from.size()) return at;
  if (at > 0) {  // the last word overlaps the one before
    const std::uint64_t bad = copy(from.size() - word::size);
    return bad == 0 ? from.size() : from.size() - word::size + word::first(bad);
  }
  for (; at < from.size() && from[at] >= ' ' && from[at] <= '~'; ++at) to[at] = from[at];
  return at;
}

namespace kind {
inline constexpr std::uint8_t letter = 1;
inline constexpr std::uint8_t digit = 2;
inline constexpr auto of = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (unsigned char c = 'a'; c <= 'z'; ++c) kinds[c] = kinds[c - 'a' + 'A'] = letter;
  for (unsigned char c = '0'; c <= '9'; ++c) kinds[c] = digit;
  return kinds;
}();
}  // namespace kind

inline bool is_letter(char c) { return kind::of[static_cast<unsigned char>(c)] == kind::letter; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// The first two characters of an optional field: [A-Za-z][A-Za-z0-9].
inline bool is_tag_name(const char* name) {
  return is_letter(name[0]) && kind::of[static_cast<unsigned char>(name[1])] != 0;
}
/// Of a field of type H: pairs of [0-9A-F].
inline bool are_hex_pairs(std::string_view text) {
  bool good = text.size() % 2 == 0;
  for (const char c : text) good &= is_digit(c) || (c >= 'A' && c <= 'F');
  return good;
}
/// Of a field of type A: [!-~].
inline bool is_visible(char c) { return c > ' ' && c <= '~'; }

/// Room for any number below, and for what is written behind its end.
inline constexpr std::size_t digits_room = 24;

/// The eight decimal digits of a number below 10^8, the first one in the lowest byte. The number is halved
/// three times, all parts at once: into fours, twos and single digits. 10486 / 2^20 is so little above 1/100
/// that no number of four digits is divided to another whole one; so is 103 / 2^10 for two digits and 1/10.
inline std::uint64_t eight_digits(std::uint32_t number) {
  const std::uint64_t fours = number / 10000 | std::uint64_t{number % 10000} << 32;
  const std::uint64_t hundreds = fours * 10486 >> 20 & 0x7f0000007f;
  const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const std::uint64_t tens = twos * 103 >> 10 & 0x000f000f000f000f;
  return tens | (twos - 10 * tens) << 8;
}

/// Writes a decimal number; returns its end. Up to seven bytes behind the end are written, too.
inline char* write_number(std::uint32_t number, char* to) {
  constexpr std::uint32_t eight = 100'000'000;
  if (number < 10) {
    *to = static_cast<char>('0' + number);
    return to + 1;
  }
  if (number >= eight) {
    to = write_number(number / eight, to);
    const std::uint64_t text = eight_digits(number % eight) | word::repeat('0');
    std::memcpy(to, &text, sizeof text);
    return to + sizeof text;
  }
  const std::uint64_t digits = eight_digits(number);
  const auto zeros = static_cast<unsigned>(std::countr_zero(digits)) / 8;
  const std::uint64_t text = (digits | word::repeat('0')) >> (8 * zeros);
  std::memcpy(to, &text, sizeof text);
  return to + sizeof text - zeros;
}
template <typename Integer>
char* write_number(Integer number, char* to) {
  constexpr std::int64_t most = UINT32_MAX;
  if (number >= 0 && number <= most) return write_number(static_cast<std::uint32_t>(number), to);
  if (number < 0 && number >= -most) {
    *to = '-';
    return write_number(static_cast<std::uint32_t>(-std::int64_t{number}), to + 1);
  }
  return std::to_chars(to, to + digits_room, number).ptr;
}

/// As printf(3) does with %g.
inline char* write_real(double number, char* to) {
  return std::to_chars(to, to + digits_room, number, std::chars_format::general, 6).ptr;
}

/// Whether the decimal text of a real number stands for 0: what becomes 0 all the same is too small for its
/// type.
inline bool is_zero(std::string_view text) {
  return text.substr(0, text.find_first_of("eE")).find_first_of("123456789") == std::string_view::npos;
}

}  // namespace mrf::sam
