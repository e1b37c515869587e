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
  FieldParse::Row& row;
  FieldParse::HashTag tag;
};

// A match as one number, which is larger for a longer match, and for a nearer one of the same length.
using Rank = std::uint32_t;
constexpr Rank nearness_of(std::size_t distance) { return static_cast<Rank>(0x10000 - distance); }
constexpr Rank rank_of(std::size_t length, std::size_t distance) {
  return static_cast<Rank>(length << 16) + nearness_of(distance);
}
constexpr Rank no_match = rank_of(least_match - 1, 1);
constexpr std::size_t length_of(Rank rank) { return rank >> 16; }
constexpr std::size_t distance_of(Rank rank) { return 0x10000 - (rank & 0xffff); }

struct Found {
  Rank nearest = no_match;
  Rank longest = no_match;
};

// Takes each match as soon as it was found. It begins earlier as far as the bytes before it agree: matches
// that so become shorter than least_match are given up, the others stay as they are.
class SequenceTaker {
 public:
  explicit SequenceTaker(FieldParse& parse) : parse_(parse), begin_(parse.sequences_.data()), next_(begin_) {}

  void literal(char) {}
  void keep(std::size_t, const Found&) {}
  void take(std::size_t at, const Found& found, std::size_t back) {
    const std::size_t end = at + length_of(found.longest);
    const std::size_t earliest = std::max(at - back, end - std::min<std::size_t>(end, most_match));
    while (next_ != begin_ && earliest + next_[-1].length < end_ + least_match) {
      --next_;
      end_ -= next_->literals + next_->length;
    }
    const std::size_t start = std::max(earliest, end_);
    next_->literals = static_cast<std::uint32_t>(start - end_);
    next_->length = static_cast<std::uint16_t>(end - start);
    next_->distance_less_one = static_cast<std::uint16_t>(distance_of(found.longest) - 1);
    ++next_;
    end_ = end;
  }
  void finish() {
    *next_++ = {static_cast<std::uint32_t>(parse_.size_ - end_), 0, 0};
    parse_.sequence_count_ = static_cast<std::size_t>(next_ - begin_);
  }

 private:
  FieldParse& parse_;
  Sequence* begin_;
  Sequence* next_;
  std::size_t end_ = 0;  // of the last match
};

// Keeps all matches for a MatchChooser, and counts what occurs when each of those that are taken is.
class MatchKeeper {
 public:
  explicit MatchKeeper(FieldParse& parse) : chooser_(*parse.chooser_), counts_(parse.expected_) {}

  void literal(char byte) { ++counts_.literals[static_cast<unsigned char>(byte)]; }
  void keep(std::size_t at, const Found& found) { add(at, found, 0); }
  void take(std::size_t at, const Found& found, std::size_t back) {
    add(at, found, back);
    ++counts_.literals[first_length + length_slot(length_of(found.longest))];
    ++counts_.distances[distance_slot(static_cast<std::uint32_t>(distance_of(found.longest)))];
  }
  void finish() {}

 private:
  static Candidate candidate(Rank rank) {
    return {static_cast<std::uint16_t>(length_of(rank)), static_cast<std::uint16_t>(distance_of(rank) - 1)};
  }
  void add(std::size_t at, const Found& found, std::size_t back) {
    chooser_.add({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(back), candidate(found.nearest),
                  candidate(found.longest)});
  }

  MatchChooser& chooser_;
  Frequencies& counts_;
};

template <class Taker>
class Finder {
 public:
  explicit Finder(FieldParse& parse)
      : parse_(parse),
        bytes_(parse.bytes_),
        size_(parse.size_),
        end_(hashable(parse.size_)),
        row_shift_(64 - parse.row_bits_),
        tag_shift_(row_shift_ - tag_bits),
        taker_(parse) {
    for (std::size_t field = 0; field < field_kinds; ++field) tables_[field] = tables_of(field);
  }

  void find(std::span<const FieldSpan> fields) {
    std::size_t begin = 0;
    for (const FieldSpan& span : fields) {
      const std::size_t end = std::min<std::size_t>(span.end, end_);
      if (begin < end) find_in(begin, end, static_cast<std::size_t>(span.field));
      begin = std::max(begin, end);
    }
    if (begin < end_) find_in(begin, end_, static_cast<std::size_t>(Field::fixed));
    for (std::size_t at = std::max(end_, covered_); at < size_; ++at) taker_.literal(bytes_[at]);
    taker_.finish();
  }

 private:
  static constexpr std::uint64_t multiplier = 0x9E3779B97F4A7C15;
  static constexpr unsigned tag_bits = 8;
  // A byte of a match makes up for so many positions without one.
  static constexpr std::size_t regained = 4;
  static constexpr std::size_t least_continued = 8;
  static constexpr std::size_t entered_whole = 12;

  static std::size_t table_of(std::size_t field) {
    return field == static_cast<std::size_t>(Field::bases)       ? 1
           : field == static_cast<std::size_t>(Field::qualities) ? 2
                                                                 : 0;
  }
  // The rows of one field, and the rows of longer hashes, if it has some.
  struct Tables {
    FieldParse::Row* rows;
    FieldParse::Row* far_rows;
    std::uint64_t multiplier;  // leaves those of eight bytes that are hashed
    std::size_t far_at;
    bool has_far;
    bool of_reads;             // bases or qualities
    std::size_t stride;        // in the middle of a long match
    std::size_t entered_last;  // at its end
  };
  Tables tables_of(std::size_t field) const {
    const FieldEffort& effort = parse_.efforts_[field];
    FieldParse::Row* const rows = parse_.rows_.data();
    const bool of_reads = table_of(field) != 0;
    return {rows + (table_of(field) << parse_.row_bits_),
            rows + (FieldParse::tables << parse_.row_bits_),
            multiplier << (64 - 8U * effort.hashed),
            effort.far_hashed - std::size_t{8},
            effort.far_hashed > 0,
            of_reads,
            of_reads ? std::size_t{16} : std::size_t{4},
            of_reads ? std::size_t{8} : entered_whole};
  }
  Place place(std::uint64_t hash, FieldParse::Row* rows) const {
    return {rows[hash >> row_shift_], static_cast<FieldParse::HashTag>(hash >> tag_shift_ & 0xff)};
  }
  Place near_place(std::size_t at, const Tables& tables) const {
    return place(eight_bytes(bytes_ + at) * tables.multiplier, tables.rows);
  }
  Place far_place(std::size_t at, const Tables& tables) const {
    const std::uint64_t bytes =
        eight_bytes(bytes_ + at) * multiplier ^ eight_bytes(bytes_ + at + tables.far_at);
    return place(bytes * multiplier, tables.far_rows);
  }
  static void enter(FieldParse::Row& row, FieldParse::HashTag tag, std::size_t at) {
    const std::size_t newest = (row.newest - 1U) & (FieldParse::row_size - 1);
    row.newest = newest;
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
    return std::rotr(static_cast<std::uint16_t>(bits), static_cast<int>(row.newest));
  }

  Found search(std::size_t at, const Tables& tables, const FieldEffort& effort) const {
    return HWY_LIKELY(size_ - at >= compared) ? search_rows<false>(at, tables, effort)
                                              : search_at_end(at, tables, effort);
  }
  HWY_NOINLINE Found search_at_end(std::size_t at, const Tables& tables, const FieldEffort& effort) const {
    return search_rows<true>(at, tables, effort);
  }
  template <bool at_end>
  Found search_rows(std::size_t at, const Tables& tables, const FieldEffort& effort) const {
    Found found;
    search_row<at_end>(at, near_place(at, tables), effort.candidates, found);
    if (tables.has_far) search_row<at_end>(at, far_place(at, tables), effort.far_candidates, found);
    return found;
  }

  // The comparison of a candidate has no branch that depends on its outcome. Fewer bytes than are compared at
  // once are left only `at_end`: what is behind them must not choose among candidates, since how much of it
  // is seen depends on the processor.
  template <bool at_end>
  void search_row(std::size_t at, const Place& place, unsigned most, Found& found) const {
    FieldParse::Row& row = place.row;
    const char* const bytes = bytes_;
    const char* const here = bytes + at;
    const Rank nearness = nearness_of(at);
    for (std::uint32_t mask = agreeing(row, place.tag); mask != 0; mask &= mask - 1) {
      const std::size_t slot =
          (static_cast<unsigned>(std::countr_zero(mask)) + row.newest) & (FieldParse::row_size - 1);
      const std::size_t from = row.positions[slot];
      if (HWY_UNLIKELY(at - from - 1 >= window)) break;
      std::size_t length = common_at_once(here, bytes + from);
      if constexpr (at_end) {
        length = std::min(length, size_ - at);
      } else if (HWY_UNLIKELY(length == compared)) {
        length = common_bytes(here, bytes + from, compared, std::min<std::size_t>(most_match, size_ - at));
      }
      const Rank rank = static_cast<Rank>(length << 16) + nearness + static_cast<Rank>(from);
      const bool first = found.longest == no_match;
      found.longest = std::max(found.longest, rank);
      found.nearest = first ? found.longest : found.nearest;
      if (--most == 0) break;
    }
    enter(row, place.tag, at);
  }

  void enter_all(std::size_t at, std::size_t end, const Tables& tables) const {
    if (tables.has_far) {
      for (std::size_t far_at = at; far_at < end; ++far_at) {
        const Place far = far_place(far_at, tables);
        enter(far.row, far.tag, far_at);
      }
    }
    for (; at < end; ++at) {
      const Place near = near_place(at, tables);
      enter(near.row, near.tag, at);
    }
  }

  // In the middle of a long match few positions are enough: what is found there begins earlier. Bases and
  // qualities are copied from one read to another, and the whole match counts; in the other fields shorter
  // matches with other records follow, and only what of the match is in the field counts.
  void enter_match(std::size_t at, std::size_t end, const Tables& tables) const {
    const std::size_t match_begin = tables.of_reads ? match_begin_ : at;
    const std::size_t match_end = tables.of_reads ? covered_ : end;
    if (HWY_UNLIKELY(match_end - match_begin > 4 * entered_whole)) {
      const std::size_t first = std::clamp(match_begin + entered_whole, at, end);
      const std::size_t last = std::clamp(match_end - tables.entered_last, first, end);
      enter_all(at, first, tables);
      for (at = first; at < last; at += tables.stride) enter_all(at, at + 1, tables);
      at = last;
    }
    enter_all(at, end, tables);
  }

  void find_in(std::size_t at, std::size_t end, std::size_t field) {
    const FieldEffort& effort = parse_.efforts_[field];
    const Tables& tables = tables_[field];
    const std::size_t least = least_in(effort);
    std::uint32_t& misses = misses_[field];
    while (at < end) {
      if (at < covered_) {
        const std::size_t stop = std::min(covered_, end);
        __builtin_prefetch(&near_place(stop, tables).row);
        enter_match(at, stop, tables);
        at = stop;
        continue;
      }
      const Found found = search(at, tables, effort);
      if (length_of(found.longest) < least) {
        if (found.longest != no_match) taker_.keep(at, found);
        taker_.literal(bytes_[at++]);
        at = pass_over(at, end, tables, effort, ++misses);
        continue;
      }
      misses -= std::min(misses, static_cast<std::uint32_t>(length_of(found.longest) * regained));
      std::size_t next = at + 1;
      if (length_of(found.longest) < effort.looks_again && next < end) {
        const Found later = search(next, tables, effort);
        if (length_of(later.longest) > length_of(found.longest)) {
          taker_.keep(at, found);
          taker_.literal(bytes_[at]);
          take(next, later);
        } else {
          take(at, found);
          if (later.longest != no_match) taker_.keep(next, later);
        }
        ++next;
      } else {
        take(at, found);
      }
      at = next;
    }
  }

  // Where qualities are literals, those of all fields are long.
  std::size_t least_in(const FieldEffort& effort) const {
    const auto qualities = static_cast<std::size_t>(Field::qualities);
    const bool literals_are_long = misses_[qualities] >> (parse_.efforts_[qualities].patience + 1) > 0;
    return literals_are_long ? std::min(effort.hashed, effort.least) : effort.least;
  }

  // Where nothing repeats, searching is a waste, and after a while entering is, too: but not in bases, where
  // a read that overlaps may come at any time.
  std::size_t pass_over(std::size_t at, std::size_t end, const Tables& tables, const FieldEffort& effort,
                        std::uint32_t misses) {
    const std::uint32_t wanted = misses >> effort.patience;
    if (wanted == 0) return at;
    const std::size_t stop = std::min<std::size_t>(at + std::min<std::uint32_t>(wanted, effort.passed), end);
    if (wanted < effort.passed_unentered) enter_all(at, stop, tables);
    for (; at < stop; ++at) taker_.literal(bytes_[at]);
    return at;
  }

  // What is longer than a match can be goes on at the same distance.
  void take(std::size_t at, const Found& found) {
    const std::size_t distance = distance_of(found.longest);
    std::size_t length = length_of(found.longest);
    taker_.take(at, found, common_before(at, at - distance));
    match_begin_ = at;
    covered_ = at + length;
    while (HWY_UNLIKELY(length == most_match)) {
      const std::size_t left = std::min<std::size_t>(most_match, size_ - covered_);
      length = common_bytes(bytes_ + covered_, bytes_ + covered_ - distance, 0, left);
      if (length < least_continued) break;
      const Rank rank = rank_of(length, distance);
      taker_.take(covered_, {rank, rank}, 0);
      covered_ += length;
    }
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
  unsigned row_shift_;
  unsigned tag_shift_;
  std::array<Tables, field_kinds> tables_;
  std::size_t match_begin_ = 0;
  std::size_t covered_ = 0;  // up to here there is a match
  Taker taker_;
  std::array<std::uint32_t, field_kinds> misses_{};
};

void find_sequences(FieldParse& parse, std::span<const FieldSpan> fields) {
  Finder<SequenceTaker>(parse).find(fields);
}
void find_matches(FieldParse& parse, std::span<const FieldSpan> fields) {
  Finder<MatchKeeper>(parse).find(fields);
}

}  // namespace mrf::codec::deflate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace mrf::codec::deflate {

namespace {

constexpr std::size_t room = FieldDeflater::most_bytes;

bool has_far_table(const Efforts& efforts) {
  return std::any_of(efforts.begin(), efforts.end(),
                     [](const FieldEffort& effort) { return effort.far_hashed > 0; });
}

}  // namespace

FieldParse::FieldParse(const Efforts& efforts, bool chooses)
    : efforts_(efforts),
      padded_(room + 2 * padding),
      bytes_(padded_.data() + padding),
      tables_(tables + (has_far_table(efforts) ? 1 : 0)),
      rows_(tables_ << most_row_bits),
      sequences_(room / least_match + 2) {
  if (chooses) chooser_.emplace();
}

void FieldParse::parse(std::string_view payload, std::span<const FieldSpan> fields) {
  static const auto find = MRF_BEST_VERSION(find_sequences);
  static const auto find_all = MRF_BEST_VERSION(find_matches);
  size_ = payload.size();
  std::memcpy(padded_.data() + padding, payload.data(), payload.size());
  std::memset(padded_.data() + padding + size_, 0, padding);
  row_bits_ = std::clamp(static_cast<unsigned>(std::bit_width(size_ / 8)), 4U, most_row_bits);
  std::memset(rows_.data(), 0, (tables_ << row_bits_) * sizeof(Row));
  if (chooser_) {
    chooser_->clear();
    expected_ = {};
    find_all(*this, fields);
    expected_.literals[end_of_block] = 1;
    sequence_count_ = chooser_->choose(bytes_, size_, expected_, sequences_);
  } else {
    find(*this, fields);
  }
}

}  // namespace mrf::codec::deflate

#endif
