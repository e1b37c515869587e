// SPDX-License-Identifier: MIT
#include "codec/huffman.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace mrf::codec::deflate {

namespace {

constexpr std::size_t most_symbols = 288;
constexpr unsigned longest = 15;

struct Leaf {
  std::uint32_t frequency;
  std::uint16_t symbol;
};

// Sorts by frequency, by one byte of it after the other from the lowest on; leaves of one frequency keep
// their order. A sort that compares cannot foresee its branches, and took longer than all else here.
void sort_leaves(std::span<Leaf> leaves) {
  std::uint32_t all_bits = 0;
  for (const Leaf& leaf : leaves) all_bits |= leaf.frequency;
  std::array<Leaf, most_symbols> sorted;
  for (unsigned shift = 0; shift < 32 && all_bits >> shift > 0; shift += 8) {
    std::array<std::uint16_t, 256> places{};
    for (const Leaf& leaf : leaves) ++places[leaf.frequency >> shift & 0xff];
    std::uint16_t before = 0;
    for (std::uint16_t& place : places)
      before = static_cast<std::uint16_t>(before + std::exchange(place, before));
    for (const Leaf& leaf : leaves) sorted[places[leaf.frequency >> shift & 0xff]++] = leaf;
    std::copy_n(sorted.begin(), leaves.size(), leaves.begin());
  }
}

// The depths of Huffman's tree over leaves of ascending frequency, by two queues: that of the leaves, and
// that of the inner nodes, which come into being in ascending order. Returns the largest depth.
unsigned tree_depths(std::span<const Leaf> leaves, std::span<unsigned> depths) {
  std::array<std::uint64_t, 2 * most_symbols> weight;
  std::array<std::uint16_t, 2 * most_symbols> parent;
  std::array<unsigned, 2 * most_symbols> depth;
  const std::size_t count = leaves.size();
  for (std::size_t at = 0; at < count; ++at) weight[at] = leaves[at].frequency;
  std::size_t leaf = 0;
  std::size_t inner = count;
  const std::size_t root = 2 * count - 2;
  for (std::size_t made = count; made <= root; ++made) {
    weight[made] = 0;
    for (int child = 0; child < 2; ++child) {
      const bool takes_leaf = leaf < count && (inner >= made || weight[leaf] <= weight[inner]);
      const std::size_t taken = takes_leaf ? leaf++ : inner++;
      weight[made] += weight[taken];
      parent[taken] = static_cast<std::uint16_t>(made);
    }
  }
  depth[root] = 0;
  for (std::size_t at = root; at-- > 0;) depth[at] = depth[parent[at]] + 1;
  std::copy_n(depth.begin(), count, depths.begin());
  return *std::max_element(depth.begin(), depth.begin() + static_cast<std::ptrdiff_t>(count));
}

// Each level has a list of leaves and of pairs of the list before, in ascending order; the code of a leaf is
// as long as there are lists of which it is in the part that is taken, the front. Of the last list 2 * leaves
// - 2 items are taken, of each before it two for every pair that is taken of the list behind.
void merge_packages(std::span<const Leaf> leaves, unsigned most_bits, std::span<unsigned> depths) {
  using List = std::array<std::uint64_t, 2 * most_symbols>;
  const std::size_t count = leaves.size();
  std::array<std::array<bool, 2 * most_symbols>, longest> is_leaf;
  std::array<List, 2> weights;
  std::size_t pairs = 0;  // of the list before
  for (unsigned level = 0; level < most_bits; ++level) {
    const List& before = weights[(level + 1) % 2];
    List& list = weights[level % 2];
    std::size_t leaf = 0;
    std::size_t pair = 0;
    for (std::size_t at = 0; at < count + pairs; ++at) {
      const std::uint64_t packed = pair < pairs ? before[2 * pair] + before[2 * pair + 1] : 0;
      const bool takes_leaf = leaf < count && (pair == pairs || leaves[leaf].frequency <= packed);
      is_leaf[level][at] = takes_leaf;
      list[at] = takes_leaf ? leaves[leaf++].frequency : packed;
      pair += takes_leaf ? 0 : 1;
    }
    pairs = (count + pairs) / 2;
  }
  std::fill_n(depths.begin(), count, 0U);
  std::size_t taken = 2 * count - 2;
  for (unsigned level = most_bits; level-- > 0;) {
    const auto* const list = is_leaf[level].begin();
    const auto taken_leaves = static_cast<std::size_t>(std::count(list, list + taken, true));
    for (std::size_t leaf = 0; leaf < taken_leaves; ++leaf) ++depths[leaf];
    taken = 2 * (taken - taken_leaves);
  }
}

constexpr std::array<std::uint8_t, 256> reversed_bytes = [] {
  std::array<std::uint8_t, 256> reversed{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      if ((byte >> bit & 1) != 0) reversed[byte] |= static_cast<std::uint8_t>(0x80U >> bit);
    }
  }
  return reversed;
}();

}  // namespace

void code_lengths(std::span<const std::uint32_t> frequencies, unsigned most_bits,
                  std::span<std::uint8_t> lengths) {
  std::array<Leaf, most_symbols> room;
  std::size_t count = 0;
  std::fill(lengths.begin(), lengths.end(), std::uint8_t{0});
  for (std::size_t at = 0; at < frequencies.size(); ++at) {
    if (frequencies[at] > 0) room[count++] = {frequencies[at], static_cast<std::uint16_t>(at)};
  }
  const std::span<Leaf> leaves(room.data(), count);
  if (count == 0) return;
  if (count == 1) {
    lengths[leaves[0].symbol] = 1;
    return;
  }
  sort_leaves(leaves);
  std::array<unsigned, most_symbols> depths;
  if (tree_depths(leaves, depths) > most_bits) merge_packages(leaves, most_bits, depths);
  for (std::size_t at = 0; at < count; ++at)
    lengths[leaves[at].symbol] = static_cast<std::uint8_t>(depths[at]);
}

void assign_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes) {
  std::array<unsigned, longest + 1> number{};
  for (const std::uint8_t length : lengths) ++number[length];
  number[0] = 0;
  std::array<unsigned, longest + 1> next{};
  for (std::size_t length = 1; length <= longest; ++length) {
    next[length] = (next[length - 1] + number[length - 1]) << 1;
  }
  for (std::size_t at = 0; at < lengths.size(); ++at) {
    const unsigned code = lengths[at] == 0 ? 0 : next[lengths[at]]++;
    const unsigned reversed = unsigned{reversed_bytes[code & 0xff]} << 8 | reversed_bytes[code >> 8 & 0xff];
    codes[at] = static_cast<std::uint16_t>(reversed >> (16 - lengths[at]));
  }
}

}  // namespace mrf::codec::deflate
