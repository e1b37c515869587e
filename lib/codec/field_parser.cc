// SPDX-License-Identifier: MIT
#include "codec/field_parser.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/vector_target.h"

// What depends on a comparison waits longer for AVX-512's masks than for AVX2's, and nothing here needs more.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3 | HWY_AVX3_DL)

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
inline std::size_t hashable(std::size_t size) { return size < 8 ? 0 : size - 8; }

// So many bytes are compared at once.
#if HWY_TARGET == HWY_SCALAR
constexpr std::size_t compared = 8;
inline std::size_t common_at_once(const char* one, const char* other) {
  const std::uint64_t differing = eight_bytes(one) ^ eight_bytes(other);
  return differing == 0 ? compared : static_cast<std::size_t>(std::countr_zero(differing)) / 8;
}
#else
using Bytes = hn::CappedTag<std::uint8_t, 32>;
constexpr std::size_t compared = hn::MaxLanes(Bytes());
inline std::size_t common_at_once(const char* one, const char* other) {
  const Bytes lanes;
  const auto* const a = reinterpret_cast<const std::uint8_t*>(one);
  const auto* const b = reinterpret_cast<const std::uint8_t*>(other);
  std::uint64_t agreeing = 0;
  hn::StoreMaskBits(lanes, hn::Eq(hn::LoadU(lanes, a), hn::LoadU(lanes, b)),
                    reinterpret_cast<std::uint8_t*>(&agreeing));
  return static_cast<std::size_t>(std::countr_one(agreeing));
}
#endif

// The common bytes of two places, at most `most`, the first `length` of which agree.
HWY_NOINLINE std::size_t common_bytes(const char* one, const char* other, std::size_t length,
                                      std::size_t most) {
  while (length < most) {
    const std::size_t more = common_at_once(one + length, other + length);
    length += more;
    if (more < compared) break;
  }
  return std::min(length, most);
}

struct Place {
  std::size_t row;
  FieldParse::HashTag tag;
};

// A match as one number, which is larger for a longer match, and for a nearer one of the same length.
using Rank = std::uint32_t;
constexpr Rank rank_of(std::size_t length, std::size_t distance) {
  return static_cast<Rank>(length << 16 | (0x10000 - distance));
}
constexpr Rank no_match = rank_of(least_match - 1, 1);
constexpr std::size_t length_of(Rank rank) { return rank >> 16; }
constexpr std::size_t distance_of(Rank rank) { return 0x10000 - (rank & 0xffff); }

class Finder {
 public:
  explicit Finder(FieldParse& parse)
      : parse_(parse),
        bytes_(parse.bytes_),
        size_(parse.size_),
        end_(hashable(parse.size_)),
        next_(parse.matches_.data()) {}

  void find(std::span<const FieldSpan> fields) {
    std::size_t begin = 0;
    for (const FieldSpan& span : fields) {
      const std::size_t end = std::min<std::size_t>(span.end, end_);
      if (begin < end) find_in(begin, end, static_cast<std::size_t>(span.field));
      begin = std::max(begin, end);
    }
    if (begin < end_) find_in(begin, end_, static_cast<std::size_t>(Field::fixed));
    for (std::size_t at = std::max(end_, covered_); at < size_; ++at) count_literal(at);
    parse_.match_count_ = static_cast<std::size_t>(next_ - parse_.matches_.data());
  }

 private:
  static constexpr std::uint64_t multiplier = 0x9E3779B97F4A7C15;
  // A byte of a match makes up for so many positions without one.
  static constexpr std::size_t regained = 4;

  static std::size_t table_of(std::size_t field) {
    return field == static_cast<std::size_t>(Field::bases)       ? 1
           : field == static_cast<std::size_t>(Field::qualities) ? 2
                                                                 : 0;
  }
  static Place place(std::uint64_t bytes) {
    const std::uint64_t hash = bytes * multiplier;
    return {hash >> (64 - FieldParse::row_bits),
            static_cast<FieldParse::HashTag>(hash >> (64 - FieldParse::row_bits - 8) & 0xff)};
  }
  // The rows of one field, and the rows of longer hashes, if it has some.
  struct Tables {
    FieldParse::Row* rows;
    FieldParse::Row* far_rows;
    unsigned shift;
    std::size_t far_at;
    bool has_far;
  };
  Tables tables(std::size_t field) const {
    const FieldEffort& effort = parse_.efforts_[field];
    FieldParse::Row* const rows = parse_.rows_.data();
    return {rows + (table_of(field) << FieldParse::row_bits),
            rows + (FieldParse::tables << FieldParse::row_bits), 64 - 8U * effort.hashed,
            effort.far_hashed - std::size_t{8}, effort.far_hashed > 0};
  }
  Place near_place(std::size_t at, const Tables& tables) const {
    return place(eight_bytes(bytes_ + at) << tables.shift);
  }
  Place far_place(std::size_t at, const Tables& tables) const {
    return place(eight_bytes(bytes_ + at) * multiplier ^ eight_bytes(bytes_ + at + tables.far_at));
  }
  static void enter(FieldParse::Row& row, FieldParse::HashTag tag, std::size_t at) {
    const std::size_t newest = (row.newest - 1U) & (FieldParse::row_size - 1);
    row.newest = static_cast<std::uint16_t>(newest);
    row.tags[newest] = tag;
    row.positions[newest] = static_cast<std::uint16_t>(at);
  }
  // A bit for each place of the row whose tag is this one, from the newest on.
  static std::uint32_t agreeing(const FieldParse::Row& row, FieldParse::HashTag tag) {
#if HWY_TARGET == HWY_SCALAR
    std::uint32_t bits = 0;
    for (std::size_t slot = 0; slot < FieldParse::row_size; ++slot) {
      bits |= std::uint32_t{row.tags[slot] == tag} << slot;
    }
#else
    const hn::FixedTag<std::uint8_t, FieldParse::row_size> lanes;
    std::uint64_t stored = 0;
    const auto* const tags = reinterpret_cast<const std::uint8_t*>(row.tags.data());
    hn::StoreMaskBits(lanes, hn::Eq(hn::Load(lanes, tags), hn::Set(lanes, static_cast<std::uint8_t>(tag))),
                      reinterpret_cast<std::uint8_t*>(&stored));
    auto bits = static_cast<std::uint32_t>(stored);
#endif
    bits |= bits << 16;
    return (bits >> row.newest) & 0xffff;
  }

  void count_literal(std::size_t at) {
    ++parse_.frequencies_.literals[static_cast<unsigned char>(bytes_[at])];
  }

  static FieldParse::Candidate candidate(Rank rank) {
    return {static_cast<std::uint16_t>(length_of(rank)), static_cast<std::uint16_t>(distance_of(rank) - 1)};
  }

  struct Found {
    Rank nearest = no_match;
    Rank longest = no_match;
  };

  Found search(std::size_t at, const Tables& tables, const FieldEffort& effort) const {
    Found found;
    const Place near = near_place(at, tables);
    search_row(at, tables.rows[near.row], near.tag, effort.candidates, found);
    if (tables.has_far) {
      const Place far = far_place(at, tables);
      search_row(at, tables.far_rows[far.row], far.tag, effort.far_candidates, found);
    }
    return found;
  }

  // The comparison of a candidate has no branch that depends on its outcome.
  void search_row(std::size_t at, FieldParse::Row& row, FieldParse::HashTag tag, unsigned most,
                  Found& found) const {
    const std::size_t most_length = std::min<std::size_t>(most_match, size_ - at);
    for (std::uint32_t mask = agreeing(row, tag); mask != 0; mask &= mask - 1) {
      const std::size_t slot =
          (static_cast<unsigned>(std::countr_zero(mask)) + row.newest) & (FieldParse::row_size - 1);
      const std::size_t from = row.positions[slot];
      const std::size_t distance = at - from;
      if (HWY_UNLIKELY(distance - 1 >= window)) break;
      std::size_t length = common_at_once(bytes_ + at, bytes_ + from);
      if (HWY_UNLIKELY(length == compared)) {
        length = common_bytes(bytes_ + at, bytes_ + from, compared, most_length);
      }
      const Rank rank = rank_of(std::min(length, most_length), distance);
      const bool first = found.longest == no_match;
      found.longest = std::max(found.longest, rank);
      found.nearest = first ? found.longest : found.nearest;
      if (--most == 0) break;
    }
    enter(row, tag, at);
  }

  void enter_all(std::size_t at, std::size_t end, const Tables& tables) const {
    if (tables.has_far) {
      for (std::size_t far_at = at; far_at < end; ++far_at) {
        const Place far = far_place(far_at, tables);
        enter(tables.far_rows[far.row], far.tag, far_at);
      }
    }
    for (; at < end; ++at) {
      const Place near = near_place(at, tables);
      enter(tables.rows[near.row], near.tag, at);
    }
  }

  void find_in(std::size_t at, std::size_t end, std::size_t field) {
    const FieldEffort effort = parse_.efforts_[field];
    const Tables tables = this->tables(field);
    std::uint32_t& misses = misses_[field];
    while (at < end) {
      if (at < covered_) {
        const std::size_t stop = std::min(covered_, end);
        enter_all(at, stop, tables);
        at = stop;
        continue;
      }
      const Found found = search(at, tables, effort);
      if (length_of(found.longest) < effort.least) {
        if (found.longest != no_match) keep(at, found, 0);
        count_literal(at++);
        at = pass_over(at, end, tables, effort, ++misses);
        continue;
      }
      misses -= std::min(misses, static_cast<std::uint32_t>(length_of(found.longest) * regained));
      std::size_t next = at + 1;
      if (length_of(found.longest) < effort.looks_again && next < end) {
        const Found later = search(next, tables, effort);
        if (length_of(later.longest) > length_of(found.longest)) {
          keep(at, found, 0);
          count_literal(at);
          take(next, later);
        } else {
          take(at, found);
          if (later.longest != no_match) keep(next, later, 0);
        }
        ++next;
      } else {
        take(at, found);
      }
      at = next;
    }
  }

  // Where nothing repeats, searching is a waste, and after a while entering is, too: but not in bases, where
  // a read that overlaps may come at any time.
  std::size_t pass_over(std::size_t at, std::size_t end, const Tables& tables, const FieldEffort& effort,
                        std::uint32_t misses) {
    const std::uint32_t wanted = misses >> effort.patience;
    if (wanted == 0) return at;
    const std::size_t stop = std::min<std::size_t>(at + std::min<std::uint32_t>(wanted, effort.passed), end);
    if (wanted < effort.passed_unentered) enter_all(at, stop, tables);
    for (; at < stop; ++at) count_literal(at);
    return at;
  }

  void keep(std::size_t at, const Found& found, std::size_t back) {
    *next_++ = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(back), candidate(found.nearest),
                candidate(found.longest)};
  }

  void take(std::size_t at, const Found& found) {
    const std::size_t distance = distance_of(found.longest);
    const std::size_t length = length_of(found.longest);
    keep(at, found, common_before(at, at - distance));
    ++parse_.frequencies_.literals[first_length + length_slot(length)];
    ++parse_.frequencies_.distances[distance_slot(static_cast<std::uint32_t>(distance))];
    covered_ = at + length;
  }

  std::size_t common_before(std::size_t at, std::size_t from) const {
    const std::size_t most = std::min<std::size_t>(from, most_match - 1);
    std::size_t common = 0;
    while (true) {
      const std::uint64_t differing =
          eight_bytes(bytes_ + at - common - 8) ^ eight_bytes(bytes_ + from - common - 8);
      if (HWY_LIKELY(differing != 0)) {
        return std::min(most, common + static_cast<std::size_t>(std::countl_zero(differing)) / 8);
      }
      common += 8;
      if (common >= most) return most;
    }
  }

  FieldParse& parse_;
  const char* bytes_;
  std::size_t size_;
  std::size_t end_;
  std::size_t covered_ = 0;  // up to here there is a match
  FieldParse::Match* next_;
  std::array<std::uint32_t, field_kinds> misses_{};
};

class Chooser {
 public:
  explicit Chooser(FieldParse& parse)
      : bytes_(reinterpret_cast<const unsigned char*>(parse.bytes_)),
        costs_(parse.costs_),
        before_(parse.literals_before_.data() + FieldParse::written_below),
        cost_(parse.cost_.data() + FieldParse::written_below),
        next_match_(parse.next_match_.data() + FieldParse::written_below),
        step_(parse.step_.data()),
        at_(parse.size_),
        next_(static_cast<std::uint16_t>(parse.size_)) {}

  void choose(std::span<const FieldParse::Match> matches) {
    std::uint32_t before = 0;
    for (std::size_t at = 0; at < at_; ++at) {
      before_[at] = before;
      before += costs_.literals[bytes_[at]];
    }
    before_[at_] = before;
    cost_[at_] = 0;
    FieldParse::Match later{static_cast<std::uint32_t>(at_), 0, {}, {}};
    std::size_t later_end = at_;
    for (std::size_t left = matches.size(); left-- > 0;) {
      const FieldParse::Match& match = matches[left];
      extend(later, later_end, match.start + std::size_t{1});
      literals(match.start + std::size_t{1});
      later_end = begin_at(match, later, later_end);
      later = match;
    }
    extend(later, later_end, 0);
    literals(0);
  }

 private:
  using Costs32 = hn::CappedTag<std::uint32_t, FieldParse::written_below>;
  static constexpr std::uint32_t length_mask = (1U << FieldParse::length_bits) - 1;
  // Of a long match only the longest lengths are looked at.
  static constexpr std::size_t lengths_looked_at = 16;

  // Positions down to `low` at which the next match may begin earlier.
  void extend(const FieldParse::Match& match, std::size_t end, std::size_t low) {
    const std::size_t first =
        std::max({match.start - std::size_t{match.back}, low, end - std::min<std::size_t>(end, most_match)});
    if (at_ <= first) return;
    const std::uint32_t reached =
        cost_[end] + costs_.distances[distance_slot(match.longest.distance_less_one + std::uint32_t{1})];
    std::uint32_t cost = cost_[at_];
    std::uint32_t next = next_;
    for (std::size_t at = at_; at > first;) {
      --at;
      const std::uint32_t literal = cost + costs_.literals[bytes_[at]];
      const std::uint32_t matched = (reached + costs_.lengths[end - at]) & ~length_mask;
      step_[at] = {static_cast<std::uint16_t>(end - at), match.longest.distance_less_one};
      next = matched < literal ? static_cast<std::uint32_t>(at) : next;
      cost = std::min(matched, literal);
      cost_[at] = cost;
      next_match_[at] = static_cast<std::uint16_t>(next);
    }
    next_ = static_cast<std::uint16_t>(next);
    at_ = first;
  }

  // Written some at a time, below `low` too, where others follow.
  void literals(std::size_t low) {
    if (at_ <= low) return;
    const Costs32 lanes;
    const hn::Rebind<std::uint16_t, Costs32> narrow;
    const auto end = hn::Set(lanes, cost_[at_] + before_[at_]);
    const auto next = hn::Set(narrow, next_);
    std::size_t at = at_;
    do {
      at -= hn::Lanes(lanes);
      hn::StoreU(hn::Sub(end, hn::LoadU(lanes, before_ + at)), lanes, cost_ + at);
      hn::StoreU(next, narrow, next_match_ + at);
    } while (static_cast<std::ptrdiff_t>(at) > static_cast<std::ptrdiff_t>(low));
    at_ = low;
  }

  // Where a match begins, all its lengths compete, and a match that begins later and may begin here, too.
  // Returns the end of the cheapest.
  std::size_t begin_at(const FieldParse::Match& match, const FieldParse::Match& later,
                       std::size_t later_end) {
    const std::size_t at = --at_;
    const std::uint32_t best = cheapest(at, match);
    const std::size_t length = best & length_mask;
    std::uint32_t cost = best & ~length_mask;
    FieldParse::Candidate step{static_cast<std::uint16_t>(length), length <= match.nearest.length
                                                                       ? match.nearest.distance_less_one
                                                                       : match.longest.distance_less_one};
    if (at + later.back >= later.start && later_end - at <= most_match) {
      const std::uint32_t whole =
          (cost_[later_end] + costs_.lengths[later_end - at] +
           costs_.distances[distance_slot(later.longest.distance_less_one + std::uint32_t{1})]) &
          ~length_mask;
      if (whole < cost) {
        cost = whole;
        step = {static_cast<std::uint16_t>(later_end - at), later.longest.distance_less_one};
      }
    }
    const std::uint32_t literal = cost_[at + 1] + costs_.literals[bytes_[at]];
    next_ = cost < literal ? static_cast<std::uint16_t>(at) : next_;
    cost_[at] = std::min(cost, literal);
    next_match_[at] = next_;
    step_[at] = step;
    return at + length;
  }

  // The least cost of a length, and that length.
  std::uint32_t cheapest(std::size_t at, const FieldParse::Match& match) const {
    const hn::CappedTag<std::uint32_t, 16> lanes;
    const auto none = hn::Set(lanes, ~std::uint32_t{0});
    const std::size_t begin = match.longest.length < least_match + lengths_looked_at
                                  ? least_match
                                  : match.longest.length + 1 - lengths_looked_at;
    const std::uint32_t* const cost = cost_ + at + begin;
    const std::uint32_t* const lengths = costs_.lengths.data() + begin;
    const auto near = hn::Set(lanes, distance_cost(match.nearest));
    const auto far = hn::Set(lanes, distance_cost(match.longest));
    const auto nearest = hn::Set(lanes, std::uint32_t{match.nearest.length});
    const auto longest = hn::Set(lanes, std::uint32_t{match.longest.length});
    auto least = none;
    for (std::size_t done = 0; done < lengths_looked_at; done += hn::Lanes(lanes)) {
      const auto length = hn::Iota(lanes, static_cast<std::uint32_t>(begin + done));
      const auto whole = hn::Add(hn::Add(hn::LoadU(lanes, cost + done), hn::LoadU(lanes, lengths + done)),
                                 hn::IfThenElse(hn::Gt(length, nearest), far, near));
      least = hn::Min(least, hn::IfThenElse(hn::Gt(length, longest), none, whole));
    }
    return hn::GetLane(hn::MinOfLanes(lanes, least));
  }

  std::uint32_t distance_cost(FieldParse::Candidate candidate) const {
    return costs_.distances[distance_slot(candidate.distance_less_one + std::uint32_t{1})];
  }

  const unsigned char* bytes_;
  const FieldParse::Costs& costs_;
  std::uint32_t* before_;
  std::uint32_t* cost_;
  std::uint16_t* next_match_;
  FieldParse::Candidate* step_;
  std::size_t at_;      // everything from here on is chosen
  std::uint16_t next_;  // the next match that is taken
};

void find_matches(FieldParse& parse, std::span<const FieldSpan> fields) { Finder(parse).find(fields); }
void choose_steps(FieldParse& parse) { Chooser(parse).choose({parse.matches_.data(), parse.match_count_}); }

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

// Counts some literals. Most runs are short, and how short cannot be foreseen: the first four places are
// counted without a branch, those behind the end of the run as symbols that nobody asks for.
class LiteralCounts {
 public:
  void add(const unsigned char* bytes, std::size_t count) {
    for (; count > at_once; count -= at_once, bytes += at_once) {
      for (std::size_t at = 0; at < at_once; ++at) ++counts_[bytes[at]];
    }
    for (std::size_t at = 0; at < at_once; ++at) ++counts_[at < count ? bytes[at] : spare + at];
  }
  std::uint32_t of(std::size_t byte) const { return counts_[byte]; }

 private:
  static constexpr std::size_t at_once = 4;
  static constexpr std::size_t spare = 256;
  std::array<std::uint32_t, spare + at_once> counts_{};
};

void take_steps(FieldParse& parse) {
  Frequencies& counts = parse.frequencies_;
  counts = {};
  LiteralCounts literals;
  const auto* bytes = reinterpret_cast<const unsigned char*>(parse.bytes_);
  const std::uint16_t* const next_match = parse.next_match_.data() + FieldParse::written_below;
  Sequence* next = parse.sequences_.data();
  for (std::size_t at = 0;;) {
    // No match begins at 0.
    const std::size_t match = at == parse.size_            ? at
                              : next_match[at] == 0 ? parse.size_
                                                           : next_match[at];
    next->literals = static_cast<std::uint32_t>(match - at);
    literals.add(bytes + at, match - at);
    if (match == parse.size_) break;
    const FieldParse::Candidate step = parse.step_[match];
    next->length = step.length;
    next->distance_less_one = step.distance_less_one;
    ++next;
    ++counts.literals[first_length + length_slot(step.length)];
    ++counts.distances[distance_slot(step.distance_less_one + std::uint32_t{1})];
    at = match + step.length;
  }
  next->length = 0;
  next->distance_less_one = 0;
  parse.sequence_count_ = static_cast<std::size_t>(next + 1 - parse.sequences_.data());
  for (std::size_t byte = 0; byte < 256; ++byte) counts.literals[byte] = literals.of(byte);
  counts.literals[end_of_block] = 1;
}

constexpr std::size_t room = FieldDeflater::most_bytes;

bool has_far_table(const Efforts& efforts) {
  return std::any_of(efforts.begin(), efforts.end(),
                     [](const FieldEffort& effort) { return effort.far_hashed > 0; });
}

}  // namespace

FieldParse::FieldParse(const Efforts& efforts)
    : efforts_(efforts),
      padded_(room + 2 * padding),
      bytes_(padded_.data() + padding),
      rows_((tables + (has_far_table(efforts) ? 1 : 0)) << row_bits),
      matches_(room),
      literals_before_(written_below + room + 1),
      cost_(written_below + room + most_match + 32),
      next_match_(written_below + room),
      step_(room),
      sequences_(room / least_match + 2) {}

void FieldParse::parse(std::string_view payload, std::span<const FieldSpan> fields) {
  static const auto find = MRF_BEST_VERSION(find_matches);
  static const auto choose = MRF_BEST_VERSION(choose_steps);
  size_ = payload.size();
  std::memcpy(padded_.data() + padding, payload.data(), payload.size());
  std::memset(padded_.data() + padding + size_, 0, padding);
  std::memset(rows_.data(), 0, rows_.size() * sizeof(Row));
  frequencies_ = {};
  find(*this, fields);
  frequencies_.literals[end_of_block] = 1;
  set_costs(*this);
  choose(*this);
  take_steps(*this);
}

}  // namespace mrf::codec::deflate

#endif
