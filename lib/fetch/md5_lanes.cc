// SPDX-License-Identifier: MIT
#include "fetch/md5_lanes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/vector_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fetch/md5_lanes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef MRF_FETCH_MD5_LANES_ONCE
#define MRF_FETCH_MD5_LANES_ONCE
namespace mrf::fetch::md5 {

// RFC 1321, 3.4: 4294967296 times abs(sin(i + 1)).
constexpr std::array<std::uint32_t, 64> sines{
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr int turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

// Which word of a block a step takes.
constexpr std::size_t word_of(std::size_t step) {
  constexpr std::size_t factors[] = {1, 5, 3, 7};
  constexpr std::size_t firsts[] = {0, 1, 5, 0};
  return (step * factors[step / 16] + firsts[step / 16]) % 16;
}

}  // namespace mrf::fetch::md5
#endif

HWY_BEFORE_NAMESPACE();
namespace mrf::fetch::md5::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t lanes = Md5Lanes::lanes;
constexpr hn::CappedTag<std::uint32_t, lanes> tag{};

template <std::size_t round, typename V>
HWY_INLINE V mix(V b, V c, V d) {
  if constexpr (round == 0) return hn::Xor(d, hn::And(b, hn::Xor(c, d)));
  if constexpr (round == 1) return hn::Xor(c, hn::And(d, hn::Xor(b, c)));
  if constexpr (round == 2) return hn::Xor(b, hn::Xor(c, d));
  if constexpr (round == 3) return hn::Xor(c, hn::Or(b, hn::Not(d)));
}

template <std::size_t step, typename V>
HWY_INLINE void one_step(V& a, V b, V c, V d, const std::uint32_t* words) {
  const auto word = hn::Add(hn::Load(tag, words + lanes * word_of(step)), hn::Set(tag, sines[step]));
  const auto sum = hn::Add(hn::Add(a, word), mix<step / 16>(b, c, d));
  a = hn::Add(b, hn::RotateRight<32 - turns[step / 16][step % 4]>(sum));
}

template <std::size_t step, typename V>
HWY_INLINE void four_steps(V& a, V& b, V& c, V& d, const std::uint32_t* words) {
  one_step<step>(a, b, c, d, words);
  one_step<step + 1>(d, a, b, c, words);
  one_step<step + 2>(c, d, a, b, words);
  one_step<step + 3>(b, c, d, a, words);
}

template <typename V, std::size_t... fours>
HWY_INLINE void all_steps(V& a, V& b, V& c, V& d, const std::uint32_t* words, std::index_sequence<fours...>) {
  (four_steps<4 * fours>(a, b, c, d, words), ...);
}

void add_blocks(std::uint32_t* state, const char* const* messages, std::size_t blocks) {
  HWY_ALIGN std::uint32_t words[16 * lanes];
  for (std::size_t block = 0; block < blocks; ++block) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      std::uint32_t own[16];
      std::memcpy(own, messages[lane] + block * sizeof own, sizeof own);
      for (std::size_t i = 0; i < 16; ++i) words[lanes * i + lane] = own[i];
    }
    for (std::size_t lane = 0; lane < lanes; lane += hn::Lanes(tag)) {
      const auto a_before = hn::LoadU(tag, state + lane);
      const auto b_before = hn::LoadU(tag, state + lanes + lane);
      const auto c_before = hn::LoadU(tag, state + 2 * lanes + lane);
      const auto d_before = hn::LoadU(tag, state + 3 * lanes + lane);
      auto a = a_before;
      auto b = b_before;
      auto c = c_before;
      auto d = d_before;
      all_steps(a, b, c, d, words + lane, std::make_index_sequence<16>());
      hn::StoreU(hn::Add(a, a_before), tag, state + lane);
      hn::StoreU(hn::Add(b, b_before), tag, state + lanes + lane);
      hn::StoreU(hn::Add(c, c_before), tag, state + 2 * lanes + lane);
      hn::StoreU(hn::Add(d, d_before), tag, state + 3 * lanes + lane);
    }
  }
}

}  // namespace mrf::fetch::md5::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mrf::fetch {

namespace md5 {
namespace {
const auto best_add_blocks = MRF_BEST_VERSION(add_blocks);

void add_to(std::uint32_t* state, const char* const* messages, std::size_t blocks) {
  best_add_blocks(state, messages, blocks);
}
}  // namespace
}  // namespace md5

static_assert(std::endian::native == std::endian::little);

namespace {
constexpr std::uint32_t initial[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

// The last block or two of a message (RFC 1321, 3.1 and 3.2).
struct PaddedEnd {
  std::array<char, 2 * Md5Lanes::block> bytes{};
  std::size_t blocks;

  PaddedEnd(std::string_view rest, std::uint64_t message_bytes)
      : blocks(rest.size() + 9 > Md5Lanes::block ? 2 : 1) {
    const std::uint64_t bits = 8 * message_bytes;
    std::copy(rest.begin(), rest.end(), bytes.begin());
    bytes[rest.size()] = static_cast<char>(0x80);
    std::memcpy(bytes.data() + blocks * Md5Lanes::block - sizeof bits, &bits, sizeof bits);
  }
};
}  // namespace

Md5Lanes::Md5Lanes() {
  for (std::size_t i = 0; i < state_.size(); ++i) state_[i] = initial[i / lanes];
}

void Md5Lanes::update(const Messages& messages, std::size_t bytes) {
  const std::size_t blocks = bytes / block;
  md5::add_to(state_.data(), messages.data(), blocks);
  bytes_ += bytes;
  rest_bytes_ = bytes % block;
  for (std::size_t lane = 0; lane < lanes; ++lane)
    std::copy_n(messages[lane] + blocks * block, rest_bytes_, rest_[lane].data());
}

std::array<std::string, Md5Lanes::lanes> Md5Lanes::finish() {
  std::array<std::string, lanes> digests;
  for (std::size_t lane = 0; lane < lanes; ++lane)
    digests[lane] = finish(lane, {rest_[lane].data(), rest_bytes_}, bytes_);
  return digests;
}

std::string Md5Lanes::finish(std::size_t lane, std::string_view rest, std::uint64_t bytes) {
  const PaddedEnd end(rest, bytes);
  Messages messages;
  messages.fill(end.bytes.data());
  auto state = state_;
  md5::add_to(state.data(), messages.data(), end.blocks);
  std::string digest;
  for (std::size_t word = 0; word < std::size(initial); ++word) {
    digest.append(reinterpret_cast<const char*>(&state[word * lanes + lane]), sizeof(std::uint32_t));
    state_[word * lanes + lane] = initial[word];
  }
  return digest;
}

}  // namespace mrf::fetch
#endif
