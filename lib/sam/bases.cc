// SPDX-License-Identifier: MIT
#include "sam/bases.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/vector_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sam/bases.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef MRF_BAM_BASES_ONCE
#define MRF_BAM_BASES_ONCE
namespace mrf::sam {

constexpr std::array<char, 17> base_letters{"=ACMGRSVTWYHKDBN"};

// Of each byte of two bases, what they are as text.
constexpr auto base_pairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {base_letters[i >> 4], base_letters[i & 15]};
  return pairs;
}();

}  // namespace mrf::sam
#endif

HWY_BEFORE_NAMESPACE();
namespace mrf::sam::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Reads are short: larger vectors would leave more of them to the end.
constexpr hn::CappedTag<std::uint8_t, 32> tag{};

// A vector holds a table of sixteen bytes. Without vectors there is none: tables are looked up byte by byte.
constexpr std::size_t least_lanes = 16;

// Calls `step` at every vector of `n`, the last of which overlaps the one before; false when `n` is less
// than a vector, or a vector less than a table.
template <typename Step>
bool each_vector(std::size_t n, Step step) {
  const std::size_t lanes = hn::Lanes(tag);
  if (lanes < least_lanes || n < lanes) return false;
  for (std::size_t at = 0; at + lanes <= n; at += lanes) step(at);
  if (n % lanes != 0) step(n - lanes);
  return true;
}

void unpack(const std::uint8_t* packed, std::size_t bytes, char* to) {
  const auto letters = hn::LoadDup128(tag, reinterpret_cast<const std::uint8_t*>(base_letters.data()));
  const auto low = hn::Set(tag, 15);
  const bool done = each_vector(bytes, [&](std::size_t at) {
    const auto pairs = hn::LoadU(tag, packed + at);
    const auto first = hn::TableLookupBytes(letters, hn::ShiftRight<4>(pairs));
    const auto second = hn::TableLookupBytes(letters, hn::And(pairs, low));
    hn::StoreInterleaved2(first, second, tag, reinterpret_cast<std::uint8_t*>(to) + 2 * at);
  });
  if (done) return;
  for (std::size_t i = 0; i < bytes; ++i) std::memcpy(to + 2 * i, base_pairs[packed[i]].data(), 2);
}

// False when one of them is no character of text then.
bool add_33(const std::uint8_t* from, std::size_t n, char* to) {
  const auto first = hn::Set(tag, '!');
  auto most = hn::Zero(tag);
  auto* text = reinterpret_cast<std::uint8_t*>(to);
  const auto step = [&](std::size_t at) {
    const auto values = hn::LoadU(tag, from + at);
    most = hn::Max(most, values);
    hn::StoreU(hn::Add(values, first), tag, text + at);
  };
  if (each_vector(n, step)) return hn::AllFalse(tag, hn::Gt(most, hn::Set(tag, highest_quality)));
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < n; ++i) {
    text[i] = static_cast<std::uint8_t>(from[i] + '!');
    seen = from[i] > seen ? from[i] : seen;
  }
  return seen <= highest_quality;
}

char* write_both(const std::uint8_t* packed, const std::uint8_t* qualities, std::size_t n, char* to) {
  const std::size_t pairs = n / 2;
  unpack(packed, pairs, to);
  if (n % 2 != 0) to[n - 1] = base_letters[packed[pairs] >> 4];
  to[n] = '\t';
  to += n + 1;
  if (qualities[0] == 0xff) {
    *to = '*';
    return to + 1;
  }
  return add_33(qualities, n, to) ? to + n : nullptr;
}

// `codes` are by the lower five bits of a letter. Returns `pairs`, or 0 when not all are upper-case letters
// that stand for themselves: those that do not have code 15, as N has.
std::size_t pack_letters(const char* text, std::size_t pairs, const std::uint8_t* codes, std::uint8_t* to) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(text);
  const auto below_16 = hn::LoadDup128(tag, codes);
  const auto from_16 = hn::LoadDup128(tag, codes + 16);
  const auto low = hn::Set(tag, 15);
  const auto bit_4 = hn::Set(tag, 16);
  const auto any_base = hn::Set(tag, 'N');
  const auto is_letter = [&](auto v) { return hn::Lt(hn::Sub(v, hn::Set(tag, 'A')), hn::Set(tag, 26)); };
  const auto code = [&](auto v) {
    const auto index = hn::And(v, low);
    const auto high = hn::Eq(hn::And(v, bit_4), bit_4);
    return hn::IfThenElse(high, hn::TableLookupBytes(from_16, index), hn::TableLookupBytes(below_16, index));
  };
  const auto is_base = [&](auto v, auto its_code) {
    return hn::And(is_letter(v), hn::Or(hn::Eq(v, any_base), hn::Lt(its_code, low)));
  };
  bool bases = true;
  const bool done = each_vector(pairs, [&](std::size_t at) {
    auto first = hn::Zero(tag);
    auto second = first;
    hn::LoadInterleaved2(tag, from + 2 * at, first, second);
    const auto first_code = code(first);
    const auto second_code = code(second);
    bases = bases && hn::AllTrue(tag, hn::And(is_base(first, first_code), is_base(second, second_code)));
    hn::StoreU(hn::Or(hn::ShiftLeft<4>(first_code), second_code), tag, to + at);
  });
  return done && bases ? pairs : 0;
}

bool subtract_33(const char* text, std::size_t n, std::uint8_t* to) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(text);
  const auto first = hn::Set(tag, '!');
  auto most = hn::Zero(tag);
  const bool done = each_vector(n, [&](std::size_t at) {
    const auto values = hn::Sub(hn::LoadU(tag, from + at), first);
    most = hn::Max(most, values);
    hn::StoreU(values, tag, to + at);
  });
  if (done) return hn::AllFalse(tag, hn::Gt(most, hn::Set(tag, highest_quality)));
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < n; ++i) {
    to[i] = static_cast<std::uint8_t>(from[i] - '!');
    seen = to[i] > seen ? to[i] : seen;
  }
  return seen <= highest_quality;
}

}  // namespace mrf::sam::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mrf::sam {

namespace {
const auto best_write_both = MRF_BEST_VERSION(write_both);
const auto best_pack_letters = MRF_BEST_VERSION(pack_letters);
const auto best_subtract_33 = MRF_BEST_VERSION(subtract_33);
}  // namespace

char* write_bases(const std::uint8_t* packed, const std::uint8_t* qualities, std::size_t n, char* to) {
  return best_write_both(packed, qualities, n, to);
}

// The codes of base_letters by character; 16 for all other characters.
constexpr auto base_codes = [] {
  std::array<std::uint8_t, 256> codes{};
  codes.fill(16);
  for (std::uint8_t i = 0; i < 16; ++i) codes[static_cast<unsigned char>(base_letters[i])] = i;
  return codes;
}();
// Of the characters from '@' on, for letters; 15 for all other characters.
constexpr auto letter_codes = [] {
  std::array<std::uint8_t, 32> codes{};
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = std::min<std::uint8_t>(base_codes['@' + i], 15);
  return codes;
}();

bool pack_bases(const char* text, std::size_t n, std::uint8_t* to) {
  const auto code = [&](std::size_t at) { return base_codes[static_cast<unsigned char>(text[at])]; };
  std::uint8_t seen = 0;
  for (std::size_t i = best_pack_letters(text, n / 2, letter_codes.data(), to); i < n / 2; ++i) {
    const std::uint8_t first = code(2 * i);
    const std::uint8_t second = code(2 * i + 1);
    seen |= first | second;
    to[i] = static_cast<std::uint8_t>(first << 4 | second);
  }
  if (n % 2 != 0) {
    const std::uint8_t last = code(n - 1);
    seen |= last;
    to[n / 2] = static_cast<std::uint8_t>(last << 4);
  }
  return seen < 16;
}

bool pack_qualities(const char* text, std::size_t n, std::uint8_t* to) {
  return best_subtract_33(text, n, to);
}

}  // namespace mrf::sam
#endif
