// SPDX-License-Identifier: MIT
#include "record/scan.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/vector_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "record/scan.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mrf::record::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The mask of a vector fits into 64 bits.
using Bytes = hn::CappedTag<std::uint8_t, 64>;

// One past the `number`th hit, counted from 1, among the lanes of a mask.
template <class Mask>
std::size_t behind_hit(Bytes tag, Mask mask, std::uint64_t number) {
  std::array<std::uint8_t, 8> stored{};
  hn::StoreMaskBits(tag, mask, stored.data());
  auto bits = std::bit_cast<std::uint64_t>(stored);
  for (; number > 1; --number) bits &= bits - 1;
  return static_cast<std::size_t>(std::countr_zero(bits)) + 1;
}

// As find_ends(); `end` may be left at 0 when there are fewer than `at_most`.
Ends find_many(std::string_view bytes, char delimiter, std::uint64_t at_most) {
  const Bytes tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto wanted = hn::Set(tag, static_cast<std::uint8_t>(delimiter));
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto hits = [&](std::size_t at) { return hn::Eq(hn::LoadU(tag, from + at), wanted); };
  const auto count_hits = [&](std::size_t at) { return hn::CountTrue(tag, hits(at)); };
  Ends found;
  std::size_t at = 0;
  for (; at + 4 * lanes <= bytes.size(); at += 4 * lanes) {
    const std::size_t here =
        count_hits(at) + count_hits(at + lanes) + count_hits(at + 2 * lanes) + count_hits(at + 3 * lanes);
    if (found.count + here >= at_most) break;
    found.count += here;
  }
  for (; at + lanes <= bytes.size(); at += lanes) {
    const std::size_t here = count_hits(at);
    if (found.count + here >= at_most)
      return {at_most, at + behind_hit(tag, hits(at), at_most - found.count)};
    found.count += here;
  }
  for (; at < bytes.size(); ++at) {
    if (bytes[at] != delimiter) continue;
    found.end = at + 1;
    if (++found.count == at_most) break;
  }
  return found;
}

// Looks for the second and third byte of `word` in whole vectors.
std::size_t find_four(std::string_view bytes, std::string_view word, std::size_t at) {
  const Bytes tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto second = hn::Set(tag, static_cast<std::uint8_t>(word[1]));
  const auto third = hn::Set(tag, static_cast<std::uint8_t>(word[2]));
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  while (at + lanes + 3 <= bytes.size()) {
    const auto both =
        hn::And(hn::Eq(hn::LoadU(tag, from + at + 1), second), hn::Eq(hn::LoadU(tag, from + at + 2), third));
    const auto hit = hn::FindFirstTrue(tag, both);
    if (hit < 0) {
      at += lanes;
      continue;
    }
    at += static_cast<std::size_t>(hit);
    if (std::memcmp(from + at, word.data(), 4) == 0) return at;
    ++at;
  }
  return bytes.find(word, at);
}

// Looks for `first` and `second` next to each other in whole vectors.
std::size_t find_two(std::string_view bytes, char first, char second, std::size_t at) {
  const Bytes tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto one = hn::Set(tag, static_cast<std::uint8_t>(first));
  const auto other = hn::Set(tag, static_cast<std::uint8_t>(second));
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  for (; at + lanes + 1 <= bytes.size(); at += lanes) {
    const auto both =
        hn::And(hn::Eq(hn::LoadU(tag, from + at), one), hn::Eq(hn::LoadU(tag, from + at + 1), other));
    const auto hit = hn::FindFirstTrue(tag, both);
    if (hit >= 0) return at + static_cast<std::size_t>(hit);
  }
  for (; at + 2 <= bytes.size(); ++at) {
    if (bytes[at] == first && bytes[at + 1] == second) return at;
  }
  return std::string_view::npos;
}

}  // namespace mrf::record::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mrf::record {

namespace {
const auto best_find_many = MRF_BEST_VERSION(find_many);
const auto best_find_four = MRF_BEST_VERSION(find_four);
const auto best_find_two = MRF_BEST_VERSION(find_two);
}  // namespace

std::size_t find_word(std::string_view bytes, std::string_view word, std::size_t from) {
  return best_find_four(bytes, word, from);
}

std::size_t find_pair(std::string_view bytes, char first, char second, std::size_t from) {
  return best_find_two(bytes, first, second, from);
}

Ends find_ends(std::string_view bytes, char delimiter, std::uint64_t at_most) {
  constexpr std::uint64_t few = 4;
  Ends found;
  if (at_most > few) {
    found = best_find_many(bytes, delimiter, at_most);
    if (found.end == 0 && found.count > 0) found.end = last_end(bytes, delimiter);
    return found;
  }
  while (found.count < at_most) {
    const std::size_t hit = bytes.find(delimiter, found.end);
    if (hit == std::string_view::npos) break;
    found.end = hit + 1;
    ++found.count;
  }
  return found;
}

std::size_t last_end(std::string_view bytes, char delimiter) {
  const void* hit = ::memrchr(bytes.data(), delimiter, bytes.size());
  return hit == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data()) + 1;
}

}  // namespace mrf::record
#endif
