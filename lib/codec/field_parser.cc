// SPDX-License-Identifier: MIT
#include "codec/field_parser.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/vector_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/field_parser.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mrf::codec::deflate::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

inline std::uint64_t eight_bytes(const char* at) {
  std::uint64_t bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

// Positions from here on cannot be hashed.
inline std::size_t hashable(std::string_view payload) { return payload.size() < 8 ? 0 : payload.size() - 8; }

// The common bytes of two places, 8 of which agree.
HWY_NOINLINE std::size_t common_bytes(const char* one, const char* other, std::size_t most) {
  std::size_t length = 8;
  for (; length + 8 <= most; length += 8) {
    const std::uint64_t differing = eight_bytes(one + length) ^ eight_bytes(other + length);
    if (differing != 0) return length + static_cast<std::size_t>(std::countr_zero(differing)) / 8;
  }
  while (length < most && one[length] == other[length]) ++length;
  return length;
}

struct Place {
  std::size_t row;
  std::uint8_t tag;
};

class Finder {
 public:
  explicit Finder(FieldParse& parse)
      : parse_(parse),
        bytes_(parse.payload_.data()),
        size_(parse.payload_.size()),
        end_(hashable(parse.payload_)) {}

  void find(std::span<const FieldSpan> fields) {
    std::size_t begin = 0;
    for (const FieldSpan& span : fields) {
      const std::size_t end = std::min<std::size_t>(span.end, end_);
      if (begin < end) find_in(begin, end, static_cast<std::size_t>(span.field));
      begin = std::max(begin, end);
    }
    if (begin < end_) find_in(begin, end_, static_cast<std::size_t>(Field::fixed));
    for (std::size_t at = std::max(end_, covered_); at < size_; ++at) count_literal(at);
  }

 private:
  static constexpr std::uint64_t multiplier = 0x9E3779B97F4A7C15;

  static std::size_t table_of(std::size_t field) {
    return field == static_cast<std::size_t>(Field::bases)       ? 1
           : field == static_cast<std::size_t>(Field::qualities) ? 2
                                                                 : 0;
  }
  static Place place(std::uint64_t bytes, unsigned shift) {
    const std::uint64_t hash = (bytes << shift) * multiplier;
    return {hash >> (64 - FieldParse::row_bits),
            static_cast<std::uint8_t>(hash >> (64 - FieldParse::row_bits - 8))};
  }
  static void enter(FieldParse::Row& row, std::uint8_t tag, std::size_t at) {
    row.newest = static_cast<std::uint8_t>((row.newest - 1) & (FieldParse::row_size - 1));
    row.tags[row.newest] = tag;
    row.positions[row.newest] = static_cast<std::uint16_t>(at);
  }
  // A bit for each place of the row whose tag is this one, from the newest on.
  static std::uint32_t agreeing(const FieldParse::Row& row, std::uint8_t tag) {
#if HWY_TARGET == HWY_SCALAR
    std::uint32_t bits = 0;
    for (std::size_t slot = 0; slot < FieldParse::row_size; ++slot) {
      bits |= std::uint32_t{row.tags[slot] == tag} << slot;
    }
#else
    const hn::FixedTag<std::uint8_t, FieldParse::row_size> lanes;
    std::uint64_t stored = 0;
    hn::StoreMaskBits(lanes, hn::Eq(hn::Load(lanes, row.tags.data()), hn::Set(lanes, tag)),
                      reinterpret_cast<std::uint8_t*>(&stored));
    auto bits = static_cast<std::uint32_t>(stored);
#endif
    bits |= bits << 16;
    return (bits >> row.newest) & 0xffff;
  }

  void count_literal(std::size_t at) {
    ++parse_.frequencies_.literals[static_cast<unsigned char>(bytes_[at])];
  }

  struct Longest {
    std::size_t length = least_match - 1;
    std::uint32_t distance = 0;
  };

  // Keeps the candidates at a position, each longer than the one before, and enters the position.
  Longest search(std::size_t at, FieldParse::Row* rows, unsigned shift, unsigned most) {
    const std::uint64_t here = eight_bytes(bytes_ + at);
    const Place place = Finder::place(here, shift);
    FieldParse::Row& row = rows[place.row];
    FieldParse::Candidate* const first = parse_.candidates_.data() + parse_.candidate_count_;
    FieldParse::Candidate* next = first;
    Longest longest;
    for (std::uint32_t mask = agreeing(row, place.tag); mask != 0; mask &= mask - 1) {
      const std::size_t slot =
          (static_cast<unsigned>(std::countr_zero(mask)) + row.newest) & (FieldParse::row_size - 1);
      const std::size_t from = row.positions[slot];
      const std::size_t distance = at - from;
      if (distance - 1 >= window) break;
      const std::uint64_t differing = eight_bytes(bytes_ + from) ^ here;
      const std::size_t length =
          HWY_LIKELY(differing != 0)
              ? static_cast<std::size_t>(std::countr_zero(differing)) / 8
              : common_bytes(bytes_ + at, bytes_ + from, std::min<std::size_t>(most_match, size_ - at));
      if (length > longest.length) {
        longest = {length, static_cast<std::uint32_t>(distance)};
        if (next - first == FieldParse::most_kept) --next;
        *next++ = {static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(distance - 1)};
      }
      if (--most == 0) break;
    }
    enter(row, place.tag, at);
    parse_.found_[at] = static_cast<std::uint8_t>(next - first);
    parse_.candidate_count_ += static_cast<std::size_t>(next - first);
    return longest;
  }

  void enter_all(std::size_t at, std::size_t end, FieldParse::Row* rows, unsigned shift) const {
    for (; at < end; ++at) {
      const Place place = Finder::place(eight_bytes(bytes_ + at), shift);
      enter(rows[place.row], place.tag, at);
    }
  }

  void find_in(std::size_t at, std::size_t end, std::size_t field) {
    const FieldEffort& effort = parse_.effort_.fields[field];
    FieldParse::Row* const rows = parse_.rows_.data() + (table_of(field) << FieldParse::row_bits);
    const unsigned shift = 64 - 8U * effort.hashed;
    std::uint32_t& misses = misses_[field];
    while (at < end) {
      if (at < covered_) {
        const std::size_t stop = std::min(covered_, end);
        enter_all(at, stop, rows, shift);
        at = stop;
        continue;
      }
      Longest longest = search(at, rows, shift, effort.candidates);
      if (longest.length < effort.least) {
        count_literal(at++);
        at = pass_over(at, end, rows, shift, effort.patience, ++misses);
        continue;
      }
      misses = 0;
      std::size_t next = at + 1;
      if (effort.looks_again && next < end) {
        const Longest later = search(next, rows, shift, effort.candidates);
        if (later.length > longest.length) {
          count_literal(at++);
          longest = later;
        }
        ++next;
      }
      add_match(at, longest);
      at = next;
    }
  }

  // Where nothing repeats, searching is a waste, and after a while entering is, too.
  std::size_t pass_over(std::size_t at, std::size_t end, FieldParse::Row* rows, unsigned shift,
                        unsigned patience, std::uint32_t misses) {
    if (misses >> patience == 0) return at;
    const std::size_t stop = std::min<std::size_t>(at + std::min(misses >> patience, 7U), end);
    if (misses >> patience < 4) enter_all(at, stop, rows, shift);
    for (; at < stop; ++at) count_literal(at);
    return at;
  }

  void add_match(std::size_t at, const Longest& match) {
    std::size_t back = 0;
    const char* const from = bytes_ + at - match.distance;
    const std::size_t most = std::min<std::size_t>(at - match.distance, most_match - 1);
    while (back < most && *(bytes_ + at - back - 1) == *(from - back - 1)) ++back;
    parse_.matches_[parse_.match_count_++] = {
        static_cast<std::uint32_t>(at), static_cast<std::uint16_t>(match.length),
        static_cast<std::uint16_t>(match.distance - 1), static_cast<std::uint16_t>(back)};
    ++parse_.frequencies_.literals[first_length + length_slot(match.length)];
    ++parse_.frequencies_.distances[distance_slot(match.distance)];
    covered_ = at + match.length;
  }

  FieldParse& parse_;
  const char* bytes_;
  std::size_t size_;
  std::size_t end_;
  std::size_t covered_ = 0;  // up to here there is a match
  std::array<std::uint32_t, field_kinds> misses_{};
};

class Chooser {
 public:
  explicit Chooser(FieldParse& parse) : parse_(parse) {}

  void choose() {
    const std::size_t size = parse_.payload_.size();
    const auto* bytes = reinterpret_cast<const unsigned char*>(parse_.payload_.data());
    std::uint32_t* const cost = parse_.cost_.data();
    const FieldParse::Candidate* candidates = parse_.candidates_.data() + parse_.candidate_count_;
    std::size_t matches = parse_.match_count_;  // those before `at` in the block
    std::size_t at = size;                      // everything from here on is chosen
    cost[size] = 0;
    while (at > 0) {
      // One stretch whose next match is the same.
      while (matches > 0 && parse_.matches_[matches - 1].start >= at) --matches;
      const std::size_t low = matches > 0 ? parse_.matches_[matches - 1].start : 0;
      const bool has_next = matches < parse_.match_count_;
      const FieldParse::Match next = has_next ? parse_.matches_[matches] : FieldParse::Match{};
      const std::size_t next_from = has_next ? next.start - next.back : size;
      while (at > low) {
        --at;
        const std::uint32_t literal = cost[at + 1] + parse_.costs_.literals[bytes[at]];
        const std::size_t count = parse_.found_[at];
        if (HWY_LIKELY(count == 0 && at < next_from)) {
          cost[at] = literal;
          parse_.step_[at] = 1;
          continue;
        }
        Best best{literal, 1, 0};
        if (count > 0) {
          candidates -= count;
          consider(at, {candidates, count}, best);
        }
        if (at >= next_from && at < next.start) {
          const std::size_t length = std::min<std::size_t>(most_match, next.start + next.length - at);
          const FieldParse::Candidate whole{static_cast<std::uint16_t>(length), next.distance_less_one};
          consider(at, {&whole, 1}, best);
        }
        cost[at] = best.cost;
        parse_.step_[at] = static_cast<std::uint16_t>(best.length);
        parse_.step_distance_less_one_[at] = best.distance_less_one;
      }
    }
  }

 private:
  struct Best {
    std::uint32_t cost;
    std::size_t length;
    std::uint16_t distance_less_one;
  };
  static constexpr std::uint32_t length_mask = (1U << FieldParse::length_bits) - 1;
  // Of a long match only the longest lengths are looked at.
  static constexpr std::size_t most_lengths = 32;

  // All lengths of each candidate that the one before it does not reach.
  void consider(std::size_t at, std::span<const FieldParse::Candidate> candidates, Best& best) const {
    const hn::CappedTag<std::uint32_t, 8> lanes;
    const auto none = hn::Set(lanes, ~std::uint32_t{0});
    const auto iota = hn::Iota(lanes, 0);
    const std::uint32_t* const cost = parse_.cost_.data() + at;
    auto least = none;
    std::size_t length = least_match;
    for (const FieldParse::Candidate& candidate : candidates) {
      const std::uint32_t distance = candidate.distance_less_one + std::uint32_t{1};
      const auto distance_cost = hn::Set(lanes, parse_.costs_.distances[distance_slot(distance)]);
      if (candidate.length - length >= most_lengths && candidate.length > most_lengths) {
        length = candidate.length - most_lengths / 2 + 1;
      }
      for (; length <= candidate.length; length += hn::Lanes(lanes)) {
        const auto whole = hn::Add(
            hn::Add(hn::LoadU(lanes, cost + length), hn::LoadU(lanes, parse_.costs_.lengths.data() + length)),
            distance_cost);
        const auto left = hn::Set(lanes, static_cast<std::uint32_t>(candidate.length + 1 - length));
        least = hn::Min(least, hn::IfThenElse(hn::Lt(iota, left), whole, none));
      }
      length = candidate.length + std::size_t{1};
    }
    const std::uint32_t cheapest = hn::GetLane(hn::MinOfLanes(lanes, least));
    if ((cheapest & ~length_mask) >= best.cost) return;
    best.cost = cheapest & ~length_mask;
    best.length = cheapest & length_mask;
    best.distance_less_one =
        std::find_if(candidates.begin(), candidates.end() - 1, [&](const auto& candidate) {
          return candidate.length >= best.length;
        })->distance_less_one;
  }

  FieldParse& parse_;
};

void find_matches(FieldParse& parse, std::span<const FieldSpan> fields) { Finder(parse).find(fields); }
void choose_steps(FieldParse& parse) { Chooser(parse).choose(); }

}  // namespace mrf::codec::deflate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace mrf::codec::deflate {

namespace {

// log2 in units of a cost, from a table of 64 steps in each octave: floating point would depend on the
// processor.
class Logarithms {
 public:
  constexpr Logarithms() {
    // 2^(1/64) to the power of `at`, by squaring down from 2.
    double root = 2;
    for (int halving = 0; halving < 6; ++halving) root = square_root(root);
    double power = 1;
    for (std::size_t step = 0; step < steps; ++step, power *= root)
      bounds_[step] = static_cast<std::uint32_t>(power * one);
  }

  /// 64 * log2(x), rounded down; x is not 0.
  constexpr std::uint32_t of(std::uint32_t x) const {
    const auto octave = static_cast<std::uint32_t>(std::bit_width(x)) - 1;
    const auto mantissa = static_cast<std::uint32_t>((std::uint64_t{x} << 24) >> octave);
    std::uint32_t step = 0;
    for (std::uint32_t half = steps / 2; half > 0; half /= 2) {
      if (bounds_[step + half] <= mantissa) step += half;
    }
    return octave * steps + step;
  }

  static constexpr std::uint32_t steps = 64;

 private:
  static constexpr std::uint32_t one = 1U << 24;
  static constexpr double square_root(double x) {
    double root = x;
    for (int round = 0; round < 60; ++round) root = (root + x / root) / 2;
    return root;
  }
  std::array<std::uint32_t, steps> bounds_{};
};
constexpr Logarithms logarithms;

// What a symbol costs that occurs `count` times among `all`, at most `most` bits.
std::uint32_t symbol_cost(std::uint32_t count, std::uint32_t all, std::uint32_t most) {
  if (count == 0) return most * FieldParse::bit_cost;
  const std::uint32_t cost =
      (logarithms.of(all) - logarithms.of(count) + Logarithms::steps / FieldParse::bit_cost / 2) *
      FieldParse::bit_cost / Logarithms::steps;
  return std::min(cost, most * FieldParse::bit_cost);
}

template <class Counts>
std::uint32_t sum(const Counts& counts) {
  std::uint32_t all = 0;
  for (const std::uint32_t count : counts) all += count;
  return all;
}

constexpr std::uint32_t most_literal_bits = 12;
constexpr std::uint32_t most_distance_bits = 9;

void set_costs(FieldParse& parse) {
  const Frequencies& counts = parse.frequencies_;
  FieldParse::Costs& costs = parse.costs_;
  const std::uint32_t literals = sum(counts.literals);
  for (std::size_t byte = 0; byte < costs.literals.size(); ++byte) {
    costs.literals[byte] = symbol_cost(counts.literals[byte], literals, most_literal_bits)
                           << FieldParse::length_bits;
  }
  std::array<std::uint32_t, length_slots> slots;
  for (std::size_t slot = 0; slot < length_slots; ++slot) {
    slots[slot] = symbol_cost(counts.literals[first_length + slot], literals, most_literal_bits) +
                  length_extra[slot] * FieldParse::bit_cost;
  }
  costs.lengths.fill(0);
  for (std::size_t length = least_match; length <= most_match; ++length) {
    costs.lengths[length] =
        slots[length_slot(length)] << FieldParse::length_bits | static_cast<std::uint32_t>(length);
  }
  const std::uint32_t distances = sum(counts.distances);
  for (std::size_t slot = 0; slot < distance_symbols; ++slot) {
    costs.distances[slot] = (symbol_cost(counts.distances[slot], distances, most_distance_bits) +
                             distance_extra(slot) * FieldParse::bit_cost)
                            << FieldParse::length_bits;
  }
}

void take_steps(FieldParse& parse) {
  parse.frequencies_ = {};
  parse.sequence_count_ = 0;
  Sequence sequence;
  for (std::size_t at = 0; at < parse.payload_.size();) {
    const std::size_t length = parse.step_[at];
    if (length == 1) {
      ++parse.frequencies_.literals[static_cast<unsigned char>(parse.payload_[at++])];
      ++sequence.literals;
      continue;
    }
    sequence.length = static_cast<std::uint16_t>(length);
    sequence.distance_less_one = parse.step_distance_less_one_[at];
    ++parse.frequencies_.literals[first_length + length_slot(length)];
    ++parse.frequencies_.distances[distance_slot(sequence.distance_less_one + std::uint32_t{1})];
    parse.sequences_[parse.sequence_count_++] = sequence;
    sequence = {};
    at += length;
  }
  parse.sequences_[parse.sequence_count_++] = sequence;
  parse.frequencies_.literals[end_of_block] = 1;
}

constexpr std::size_t room = FieldDeflater::most_bytes;

}  // namespace

FieldParse::FieldParse(const Effort& effort)
    : effort_(effort),
      rows_(tables << row_bits),
      found_(room),
      candidates_(room * most_kept),
      matches_(room / least_match + 1),
      cost_(room + most_match + 16),
      step_(room),
      step_distance_less_one_(room),
      sequences_(room / least_match + 2) {}

void FieldParse::parse(std::string_view payload, std::span<const FieldSpan> fields) {
  static const auto find = MRF_BEST_VERSION(find_matches);
  static const auto choose = MRF_BEST_VERSION(choose_steps);
  payload_ = payload;
  std::memset(rows_.data(), 0, rows_.size() * sizeof(Row));
  std::memset(found_.data(), 0, payload.size());
  candidate_count_ = match_count_ = 0;
  frequencies_ = {};
  find(*this, fields);
  frequencies_.literals[end_of_block] = 1;
  for (int round = 0; round < effort_.rounds; ++round) {
    set_costs(*this);
    choose(*this);
    take_steps(*this);
  }
}

}  // namespace mrf::codec::deflate

#endif
