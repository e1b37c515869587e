// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codec/deflate_format.h"
#include "codec/field_deflater.h"

namespace mrf::codec::deflate {

struct Candidate {
  std::uint16_t length = 0;
  std::uint16_t distance_less_one = 0;
};

/// What was found at `start`.
struct Match {
  std::uint32_t start;
  std::uint32_t back;  ///< so many bytes before `start` agree with those before the longest, too
  Candidate nearest;
  Candidate longest;
};

/// The cheapest way through a block of at most FieldDeflater::most_bytes, found from its end (dynamic
/// programming). A match may end earlier, and begin earlier, as far as the bytes before it agree. What a
/// symbol costs follows from how often it occurs when the longest match is taken wherever there is one. Of
/// the ends some are looked at where a match was found; where it begins earlier it ends at the best of these.
/// A second round, with the costs of the first, saves less than 0.1 %.
class MatchChooser {
 public:
  MatchChooser();

  /// Forgets the matches.
  void clear() { match_count_ = 0; }
  /// One more, behind the one before; at most one for each byte.
  void add(const Match& match) { matches_[match_count_++] = match; }
  std::span<const Match> matches() const { return {matches_.data(), match_count_}; }

  /// Writes the way through `bytes`, where symbols are expected to occur as `expected` says, to `sequences`;
  /// returns their number. There is room for one of each least_match bytes, and two more.
  std::size_t choose(const char* bytes, std::size_t size, const Frequencies& expected,
                     std::span<Sequence> sequences);

  /// A cost is in eighths of a bit, above the 9 bits of the length that it is for.
  static constexpr unsigned length_bits = 9;
  static constexpr std::uint32_t bit_cost = 8;
  struct Costs {
    std::array<std::uint32_t, 256> literals;
    std::array<std::uint32_t, most_match + 1 + 32> lengths;
    std::array<std::uint32_t, distance_symbols> distances;
  };

  /// Elements in front of the three that are written several at a time.
  static constexpr std::size_t written_below = 8;

  // What the vector code works on; the comments above say how.
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::vector<Match> matches_;
  std::size_t match_count_ = 0;
  Costs costs_;
  std::vector<std::uint32_t> literals_before_;  ///< what all bytes before each position cost as literals
  std::vector<std::uint32_t> cost_;             ///< from each position to the end
  std::vector<std::uint16_t> next_match_;  ///< from each position on; 0 is the end of a block of 65,536 bytes
  std::vector<Candidate> step_;            ///< the match to take at a position that is a next match
};

}  // namespace mrf::codec::deflate
