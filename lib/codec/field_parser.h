// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "codec/deflate_format.h"
#include "codec/field_deflater.h"
#include "codec/match_chooser.h"

namespace mrf::codec::deflate {

/// How matches are looked for in one field.
struct FieldEffort {
  std::uint8_t hashed = 4;      ///< bytes that a candidate surely shares, 3 to 8
  std::uint8_t candidates = 4;  ///< that are compared at one position
  std::uint8_t least = 3;  ///< a shorter match is not taken, but down to `hashed` where literals are long
  std::uint8_t looks_again = 0;  ///< behind the first byte of a match that is shorter than this
  std::uint8_t patience = 6;     ///< for every 2^patience positions without a match one more is passed over
  std::uint8_t passed = 7;       ///< after a position, at most
  std::uint8_t passed_unentered = 4;  ///< so many or more positions that are passed over are not entered
  std::uint8_t far_hashed = 0;        ///< bytes that a candidate of the second table surely shares, 8 to 16,
                                      ///< or 0 without that table, which its fields share
  std::uint8_t far_candidates = 0;
};
using Efforts = std::array<FieldEffort, field_kinds>;

/// Memory for one block of at most FieldDeflater::most_bytes.
///
/// Finding: each position is put into a row of the last 16 positions with the same hash, beside a byte of the
/// hash that a vector comparison filters with. There are three tables of rows, for bases, for qualities, and
/// for all else, so that fields do not push each other out. In qualities of few values a short hash has
/// hundreds of candidates, of which a row holds the last 16: a fourth table, of a hash of more bytes, has the
/// few that agree for longer. Candidates are compared without a branch on the outcome, since a branch that
/// cannot be foreseen costs as much as three comparisons; of all of them the nearest and the longest are
/// kept. Where a match was found, its bytes are entered but not searched. Where a field has none for long,
/// positions are passed over, and each byte of a match makes up for four without one: a match now and then
/// does not pay for the search.
///
/// Taking: each match is taken when it was found, at most one byte later (lazy evaluation), and begins
/// earlier as far as the bytes before it agree. A match before it that so becomes too short is given up. This
/// makes up for most of what a search at every byte would find, at 2 to 3 % of the size. To choose among all
/// matches (MatchChooser) saves 1 % more and takes a third of the time.
class FieldParse {
 public:
  /// With `chooses` a MatchChooser looks at all matches; else each is taken when it was found.
  FieldParse(const Efforts& efforts, bool chooses);

  /// Parses `payload`; what it says stays until the next call.
  void parse(std::string_view payload, std::span<const FieldSpan> fields);
  /// A copy of it, with 64 bytes behind that may be read.
  const char* payload() const { return bytes_; }
  std::span<const Sequence> sequences() const { return {sequences_.data(), sequence_count_}; }

  static constexpr std::size_t row_size = 16;
  /// A byte of a hash. It is a type of its own, because a byte may be part of any object: after each that is
  /// written the compiler would load everything again.
  enum class HashTag : std::uint8_t {};
  /// The positions of one hash, the newest at `newest`.
  struct alignas(64) Row {
    std::array<HashTag, row_size> tags;
    std::array<std::uint16_t, row_size> positions;
    std::size_t newest;
  };
  static constexpr unsigned most_row_bits = 11;
  static constexpr std::size_t tables = 3;  ///< and one more, of the longer hash

  /// Bytes that may be read in front of the payload and behind it.
  static constexpr std::size_t padding = 64;

  // What the vector code works on; the comments above say how.
  const Efforts efforts_;
  std::vector<char> padded_;
  const char* bytes_ = nullptr;  ///< the payload in padded_
  std::size_t size_ = 0;
  std::size_t tables_;
  unsigned row_bits_ =
      most_row_bits;  ///< of each table; a small block has small ones, which are cleared sooner
  std::vector<Row> rows_;
  std::optional<MatchChooser> chooser_;
  std::vector<Sequence> sequences_;
  std::size_t sequence_count_ = 0;
  Frequencies expected_;  ///< when the longest match is taken wherever there is one
};

}  // namespace mrf::codec::deflate
