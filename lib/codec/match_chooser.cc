// SPDX-License-Identifier: MIT
#include "codec/match_chooser.h"

#include <algorithm>
#include <bit>

#include "base/vector_target.h"
#include "codec/logarithms.h"

// As in field_parser.cc.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3 | HWY_AVX3_DL)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/match_chooser.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mrf::codec::deflate::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

class Chooser {
 public:
  explicit Chooser(MatchChooser& parse)
      : bytes_(reinterpret_cast<const unsigned char*>(parse.bytes_)),
        costs_(parse.costs_),
        before_(parse.literals_before_.data() + MatchChooser::written_below),
        cost_(parse.cost_.data() + MatchChooser::written_below),
        next_match_(parse.next_match_.data() + MatchChooser::written_below),
        step_(parse.step_.data()),
        at_(parse.size_),
        next_(static_cast<std::uint16_t>(parse.size_)) {}

  void choose(std::span<const Match> matches) {
    std::uint32_t before = 0;
    for (std::size_t at = 0; at < at_; ++at) {
      before_[at] = before;
      before += costs_.literals[bytes_[at]];
    }
    before_[at_] = before;
    cost_[at_] = 0;
    Match later{static_cast<std::uint32_t>(at_), 0, {}, {}};
    std::size_t later_end = at_;
    for (std::size_t left = matches.size(); left-- > 0;) {
      const Match& match = matches[left];
      extend(later, later_end, match.start + std::size_t{1});
      literals(match.start + std::size_t{1});
      later_end = begin_at(match, later, later_end);
      later = match;
    }
    extend(later, later_end, 0);
    literals(0);
  }

 private:
  using Costs32 = hn::CappedTag<std::uint32_t, MatchChooser::written_below>;
  static constexpr std::uint32_t length_mask = (1U << MatchChooser::length_bits) - 1;
  // Of a long match only the longest lengths are looked at.
  static constexpr std::size_t lengths_looked_at = 16;

  // Positions down to `low` at which the next match may begin earlier.
  void extend(const Match& match, std::size_t end, std::size_t low) {
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
    auto at = static_cast<std::ptrdiff_t>(at_);
    do {
      at -= static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
      hn::StoreU(hn::Sub(end, hn::LoadU(lanes, before_ + at)), lanes, cost_ + at);
      hn::StoreU(next, narrow, next_match_ + at);
    } while (at > static_cast<std::ptrdiff_t>(low));
    at_ = low;
  }

  // Where a match begins, all its lengths compete, and a match that begins later and may begin here, too.
  // Returns the end of the cheapest.
  std::size_t begin_at(const Match& match, const Match& later, std::size_t later_end) {
    const std::size_t at = --at_;
    const std::uint32_t best = cheapest(at, match);
    const std::size_t length = best & length_mask;
    std::uint32_t cost = best & ~length_mask;
    Candidate step{static_cast<std::uint16_t>(length), length <= match.nearest.length
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
  std::uint32_t cheapest(std::size_t at, const Match& match) const {
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

  std::uint32_t distance_cost(Candidate candidate) const {
    return costs_.distances[distance_slot(candidate.distance_less_one + std::uint32_t{1})];
  }

  const unsigned char* bytes_;
  const MatchChooser::Costs& costs_;
  std::uint32_t* before_;
  std::uint32_t* cost_;
  std::uint16_t* next_match_;
  Candidate* step_;
  std::size_t at_;      // everything from here on is chosen
  std::uint16_t next_;  // the next match that is taken
};

void choose_steps(MatchChooser& chooser) { Chooser(chooser).choose(chooser.matches()); }

}  // namespace mrf::codec::deflate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace mrf::codec::deflate {

namespace {

// What a symbol costs that occurs `count` times among `all`, at most `most` bits.
std::uint32_t symbol_cost(std::uint32_t count, std::uint32_t all, std::uint32_t most) {
  if (count == 0) return most * MatchChooser::bit_cost;
  const std::uint32_t cost =
      (logarithms.of(all) - logarithms.of(count) + Logarithms::steps / MatchChooser::bit_cost / 2) *
      MatchChooser::bit_cost / Logarithms::steps;
  return std::min(cost, most * MatchChooser::bit_cost);
}

template <class Counts>
std::uint32_t sum(const Counts& counts) {
  std::uint32_t all = 0;
  for (const std::uint32_t count : counts) all += count;
  return all;
}

constexpr std::uint32_t most_literal_bits = 12;
constexpr std::uint32_t most_distance_bits = 9;

void set_costs(const Frequencies& counts, MatchChooser::Costs& costs) {
  const std::uint32_t literals = sum(counts.literals);
  for (std::size_t byte = 0; byte < costs.literals.size(); ++byte) {
    costs.literals[byte] = symbol_cost(counts.literals[byte], literals, most_literal_bits)
                           << MatchChooser::length_bits;
  }
  std::array<std::uint32_t, length_slots> slots;
  for (std::size_t slot = 0; slot < length_slots; ++slot) {
    slots[slot] = symbol_cost(counts.literals[first_length + slot], literals, most_literal_bits) +
                  length_extra[slot] * MatchChooser::bit_cost;
  }
  costs.lengths.fill(0);
  for (std::size_t length = least_match; length <= most_match; ++length) {
    costs.lengths[length] =
        slots[length_slot(length)] << MatchChooser::length_bits | static_cast<std::uint32_t>(length);
  }
  const std::uint32_t distances = sum(counts.distances);
  for (std::size_t slot = 0; slot < distance_symbols; ++slot) {
    costs.distances[slot] = (symbol_cost(counts.distances[slot], distances, most_distance_bits) +
                             distance_extra(slot) * MatchChooser::bit_cost)
                            << MatchChooser::length_bits;
  }
}

constexpr std::size_t most_bytes = FieldDeflater::most_bytes;

}  // namespace

MatchChooser::MatchChooser()
    : matches_(most_bytes),
      literals_before_(written_below + most_bytes + 1),
      cost_(written_below + most_bytes + most_match + 32),
      next_match_(written_below + most_bytes),
      step_(most_bytes) {}

std::size_t MatchChooser::choose(const char* bytes, std::size_t size, const Frequencies& expected,
                                 std::span<Sequence> sequences) {
  static const auto choose = MRF_BEST_VERSION(choose_steps);
  bytes_ = bytes;
  size_ = size;
  set_costs(expected, costs_);
  choose(*this);
  const std::uint16_t* const next_match = next_match_.data() + written_below;
  Sequence* next = sequences.data();
  for (std::size_t at = 0;;) {
    // No match begins at 0.
    const std::size_t match = at == size_ || next_match[at] == 0 ? size_ : next_match[at];
    next->literals = static_cast<std::uint32_t>(match - at);
    if (match == size_) break;
    const Candidate step = step_[match];
    next->length = step.length;
    next->distance_less_one = step.distance_less_one;
    ++next;
    at = match + step.length;
  }
  next->length = 0;
  next->distance_less_one = 0;
  return static_cast<std::size_t>(next + 1 - sequences.data());
}

}  // namespace mrf::codec::deflate

#endif
