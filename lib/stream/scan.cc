// SPDX-License-Identifier: MIT
#include "stream/scan.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stream/scan.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mrf::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Counts in whole vectors for as long as the count stays below `at_most`; returns the bytes looked at.
std::size_t count_below(std::string_view bytes, char delimiter, std::uint64_t at_most, std::uint64_t& count) {
  const hn::ScalableTag<std::uint8_t> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto wanted = hn::Set(tag, static_cast<std::uint8_t>(delimiter));
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto hits = [&](std::size_t at) {
    return hn::CountTrue(tag, hn::Eq(hn::LoadU(tag, from + at), wanted));
  };
  std::size_t at = 0;
  for (; at + 4 * lanes <= bytes.size(); at += 4 * lanes) {
    const std::size_t here = hits(at) + hits(at + lanes) + hits(at + 2 * lanes) + hits(at + 3 * lanes);
    if (count + here >= at_most) break;
    count += here;
  }
  return at;
}

// Looks for the second and third byte of `word` in whole vectors; returns where all four are, or how far it
// looked.
std::size_t find_word_in_vectors(std::string_view bytes, std::string_view word, std::size_t at) {
  const hn::ScalableTag<std::uint8_t> tag;
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
    if (std::memcmp(from + at, word.data(), 4) == 0) break;
    ++at;
  }
  return at;
}

}  // namespace mrf::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mrf {

HWY_EXPORT(count_below);
HWY_EXPORT(find_word_in_vectors);

std::size_t find_word(std::string_view bytes, std::string_view word, std::size_t from) {
  return bytes.find(word, HWY_DYNAMIC_DISPATCH(find_word_in_vectors)(bytes, word, from));
}

Ends find_ends(std::string_view bytes, char delimiter, std::uint64_t at_most) {
  const std::uint64_t few = 4;
  Ends found;
  std::size_t seen = 0;
  if (at_most > few) {
    seen = HWY_DYNAMIC_DISPATCH(count_below)(bytes, delimiter, at_most, found.count);
    found.end = last_end(bytes.substr(0, seen), delimiter);
  }
  while (found.count < at_most) {
    const std::size_t hit = bytes.find(delimiter, seen);
    if (hit == std::string_view::npos) break;
    found.end = seen = hit + 1;
    ++found.count;
  }
  return found;
}

std::size_t last_end(std::string_view bytes, char delimiter) {
  const void* hit = ::memrchr(bytes.data(), delimiter, bytes.size());
  return hit == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data()) + 1;
}

}  // namespace mrf
#endif
