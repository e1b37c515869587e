// SPDX-License-Identifier: MIT
#include "codec/huffman.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace mrf::codec::deflate {

namespace {

constexpr std::size_t most_symbols = 288;
constexpr unsigned longest = 15;

struct Leaf {
  std::uint32_t frequency;
  std::uint16_t symbol;
};

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

// A package is a set of leaves: how often each leaf is in the chosen packages is the length of its code.
void merge_packages(std::span<const Leaf> leaves, unsigned most_bits, std::span<unsigned> depths) {
  struct Package {
    std::uint64_t weight;
    std::vector<std::uint16_t> leaves;
  };
  std::vector<Package> singles;
  for (std::size_t at = 0; at < leaves.size(); ++at) {
    singles.push_back({leaves[at].frequency, {static_cast<std::uint16_t>(at)}});
  }
  std::vector<Package> packages = singles;
  for (unsigned level = 1; level < most_bits; ++level) {
    std::vector<Package> pairs;
    for (std::size_t at = 0; at + 1 < packages.size(); at += 2) {
      Package pair = std::move(packages[at]);
      pair.weight += packages[at + 1].weight;
      pair.leaves.insert(pair.leaves.end(), packages[at + 1].leaves.begin(), packages[at + 1].leaves.end());
      pairs.push_back(std::move(pair));
    }
    packages = singles;
    const auto middle = static_cast<std::ptrdiff_t>(packages.size());
    std::move(pairs.begin(), pairs.end(), std::back_inserter(packages));
    std::inplace_merge(packages.begin(), packages.begin() + middle, packages.end(),
                       [](const Package& a, const Package& b) { return a.weight < b.weight; });
  }
  std::fill_n(depths.begin(), leaves.size(), 0U);
  for (std::size_t at = 0; at < 2 * leaves.size() - 2; ++at) {
    for (const std::uint16_t leaf : packages[at].leaves) ++depths[leaf];
  }
}

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
  std::sort(leaves.begin(), leaves.end(), [](const Leaf& a, const Leaf& b) {
    return a.frequency != b.frequency ? a.frequency < b.frequency : a.symbol < b.symbol;
  });
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
    unsigned code = lengths[at] == 0 ? 0 : next[lengths[at]]++;
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < lengths[at]; ++bit, code >>= 1) reversed = reversed << 1 | (code & 1);
    codes[at] = static_cast<std::uint16_t>(reversed);
  }
}

}  // namespace mrf::codec::deflate
