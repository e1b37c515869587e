// SPDX-License-Identifier: MIT
#include "codec/block_splitter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "codec/field_deflater.h"
#include "codec/logarithms.h"

namespace mrf::codec::deflate {

namespace {

constexpr std::size_t most_pieces = 16;
// One in so many bits: for less than that the time is not spent.
constexpr std::uint32_t least_gain = 256;
constexpr std::size_t literals_at_once = 16;

// Copies all literals behind each other, so that a loop over them has no ends that cannot be foreseen.
std::span<const unsigned char> gather_literals(const char* bytes, std::span<const Sequence> sequences,
                                               unsigned char* to) {
  const unsigned char* const begin = to;
  for (const Sequence& sequence : sequences) {
    std::memcpy(to, bytes, literals_at_once);
    for (std::size_t at = literals_at_once; at < sequence.literals; at += literals_at_once) {
      std::memcpy(to + at, bytes + at, literals_at_once);
    }
    to += sequence.literals;
    bytes += sequence.literals + sequence.length;
  }
  return {begin, to};
}

// Two counts of each byte, since one that was just written is not soon read again.
void count_literals(std::span<const unsigned char> literals, Frequencies& counts) {
  std::array<std::array<std::uint32_t, 256>, 2> of{};
  std::size_t at = 0;
  for (; at + 2 <= literals.size(); at += 2) {
    ++of[0][literals[at]];
    ++of[1][literals[at + 1]];
  }
  if (at < literals.size()) ++of[0][literals[at]];
  for (std::size_t byte = 0; byte < 256; ++byte) counts.literals[byte] = of[0][byte] + of[1][byte];
}

// The last sequence of a piece may have no match.
void count_matches(std::span<const Sequence> sequences, Frequencies& counts) {
  if (sequences.back().length == 0) sequences = sequences.first(sequences.size() - 1);
  for (const Sequence& sequence : sequences) {
    ++counts.literals[first_length + length_slot(sequence.length)];
    ++counts.distances[distance_slot(sequence.distance_less_one + std::uint32_t{1})];
  }
}

template <std::size_t N>
void add(std::array<std::uint32_t, N>& to, const std::array<std::uint32_t, N>& other) {
  for (std::size_t at = 0; at < N; ++at) to[at] += other[at];
}
void add(Frequencies& to, const Frequencies& other) {
  add(to.literals, other.literals);
  add(to.distances, other.distances);
}

// Costs are in 64ths of a bit.
constexpr std::uint32_t bit_cost = Logarithms::steps;

// count * log2(count), from a table for the counts that are frequent.
class Weights {
 public:
  constexpr Weights() {
    for (std::uint32_t count = 1; count < tabled; ++count) weights_[count] = count * logarithms.of(count);
  }
  constexpr std::uint32_t of(std::uint32_t count) const {
    return count < tabled ? weights_[count] : count * logarithms.of(count);
  }

 private:
  static constexpr std::uint32_t tabled = 2048;
  std::array<std::uint32_t, tabled> weights_{};
};
constexpr Weights count_weights;

// What the symbols of one code need by their entropy, and about what the lengths of their codes need.
class CodeCost {
 public:
  void add(std::uint32_t count) {
    all_ += count;
    used_ += count > 0 ? 1 : 0;
    known_ += count_weights.of(count);
  }
  std::uint32_t cost() const { return count_weights.of(all_) - known_ + used_ * length_cost; }

 private:
  static constexpr std::uint32_t length_cost = 4 * bit_cost;
  std::uint32_t all_ = 0;
  std::uint32_t used_ = 0;
  std::uint32_t known_ = 0;
};

// About what stands in front of the lengths of the codes.
constexpr std::uint32_t front_cost = 200 * bit_cost;

}  // namespace

BlockSplitter::BlockSplitter()
    : literals_(FieldDeflater::most_bytes + literals_at_once), counts_(most_pieces) {
  sequences_.reserve(FieldDeflater::most_bytes / least_match + 2 + most_pieces);
  pieces_.reserve(most_pieces);
  parts_.reserve(most_pieces);
}

std::span<const BlockPart> BlockSplitter::parts(const char* payload, std::span<const Sequence> sequences,
                                                bool splits) {
  pieces_.clear();
  parts_.clear();
  if (splits) {
    cut(payload, sequences);
    gather_counts();
    split(0, pieces_.size());
  } else {
    add_piece(payload, sequences);
    parts_.push_back(pieces_.front());
  }
  for (BlockPart& part : parts_) part.frequencies.literals[end_of_block] = 1;
  return parts_;
}

// A piece ends within literals, or with the match that has its last byte.
void BlockSplitter::cut(const char* payload, std::span<const Sequence> sequences) {
  std::size_t whole = 0;
  for (const Sequence& sequence : sequences) whole += sequence.literals + sequence.length;
  const std::size_t most = whole / most_pieces + 1;
  sequences_.clear();
  std::size_t first = 0;
  std::size_t size = 0;
  const auto end_piece = [&] {
    add_piece(payload, std::span<const Sequence>(sequences_).subspan(first));
    first = sequences_.size();
    payload += size;
    size = 0;
  };
  for (Sequence sequence : sequences) {
    while (size + sequence.literals > most) {
      const auto literals = static_cast<std::uint32_t>(most - size);
      sequences_.push_back({literals, 0, 0});
      sequence.literals -= literals;
      size = most;
      end_piece();
    }
    sequences_.push_back(sequence);
    size += sequence.literals + sequence.length;
    if (size >= most) end_piece();
  }
  if (first < sequences_.size()) end_piece();
}

void BlockSplitter::add_piece(const char* payload, std::span<const Sequence> sequences) {
  BlockPart& piece = pieces_.emplace_back();
  piece.sequences = sequences;
  count_literals(gather_literals(payload, sequences, literals_.data()), piece.frequencies);
  count_matches(sequences, piece.frequencies);
}

// Of 316 symbols most blocks use less than 100.
void BlockSplitter::gather_counts() {
  Frequencies whole{};
  for (const BlockPart& piece : pieces_) add(whole, piece.frequencies);
  symbols_ = 0;
  const auto gather = [this](const auto& counts, auto of_piece) {
    for (std::size_t symbol = 0; symbol < counts.size(); ++symbol) {
      if (counts[symbol] == 0) continue;
      for (std::size_t at = 0; at < pieces_.size(); ++at) {
        counts_[at][symbols_] = of_piece(pieces_[at].frequencies)[symbol];
      }
      ++symbols_;
    }
  };
  gather(
      whole.literals, [](const Frequencies& of) -> const auto& { return of.literals; });
  literal_symbols_ = symbols_;
  gather(
      whole.distances, [](const Frequencies& of) -> const auto& { return of.distances; });
}

// What both sides cost when a piece has gone from the one behind to the one before.
std::uint32_t BlockSplitter::cost_moved(std::size_t piece, Counts& before, Counts& after) const {
  const Counts& moved = counts_[piece];
  std::uint32_t cost = 2 * front_cost;
  std::size_t at = 0;
  for (const std::size_t end : {literal_symbols_, symbols_}) {
    CodeCost code_before;
    CodeCost code_after;
    for (; at < end; ++at) {
      before[at] += moved[at];
      after[at] -= moved[at];
      code_before.add(before[at]);
      code_after.add(after[at]);
    }
    cost += code_before.cost() + code_after.cost();
  }
  return cost;
}

void BlockSplitter::split(std::size_t first, std::size_t behind) {
  std::size_t best = behind;
  if (behind - first > 1) {
    Counts before{};
    Counts after{};
    for (std::size_t piece = first; piece < behind; ++piece) {
      for (std::size_t at = 0; at < symbols_; ++at) before[at] += counts_[piece][at];
    }
    std::swap(before, after);
    std::uint32_t least = ~std::uint32_t{0};
    for (std::size_t at = first + 1; at <= behind; ++at) {
      std::uint32_t cost = cost_moved(at - 1, before, after);
      if (at == behind) cost -= front_cost + cost / least_gain;
      if (cost > least) continue;
      least = cost;
      best = at;
    }
  }
  if (best == behind) {
    BlockPart& part = parts_.emplace_back(pieces_[first]);
    for (std::size_t piece = first + 1; piece < behind; ++piece) {
      part.sequences = {part.sequences.data(), part.sequences.size() + pieces_[piece].sequences.size()};
      add(part.frequencies, pieces_[piece].frequencies);
    }
    return;
  }
  split(first, best);
  split(best, behind);
}

}  // namespace mrf::codec::deflate
