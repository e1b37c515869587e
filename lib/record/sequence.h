// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mrf::record {

/// Records are numbered from 0; what is written is the number modulo 2^31, the range of a SAM tag of
/// type i (SAM specification, section 1.5) that no program reads as negative.
inline constexpr std::uint32_t sequence_modulus = std::uint32_t{1} << 31;

/// Where a record carries its number.
enum class SequencePlace {
  column,  ///< "N\t" in front of the record
  tag,     ///< "\tmi:i:N" at the end of a SAM line, before its newline
  aux,     ///< the tag mi, type i, last in a BAM record (SAM specification, section 4.2.4)
};

/// What goes into a record, "N\t", "\tmi:i:N" or the seven bytes of an aux tag, for one record after the
/// other.
class SequenceField {
 public:
  explicit SequenceField(SequencePlace place, std::uint64_t first = 0);

  /// Valid until advance(). At most max_size bytes.
  std::string_view text() const { return {text_.data() + begin_, text_.size() - begin_}; }
  /// The number of the record in hand, not wrapped.
  std::uint64_t number() const { return number_; }
  /// Goes on to the next number.
  void advance();

  static constexpr std::size_t max_size = 16;

 private:
  void format();
  void format_aux();
  void format_text();

  SequencePlace place_;
  std::uint64_t number_;
  std::array<char, max_size> text_{};
  std::size_t begin_ = 0;
};

/// A number found in a record, and the bytes [begin, begin + size) to take out to have the record as it was.
struct SequenceMark {
  std::uint32_t number = 0;
  std::size_t begin = 0;
  std::size_t size = 0;
  /// The record has the tag once more: one of them is its own.
  bool is_repeated = false;
};

/// Finds what SequenceField wrote. `record` may end with its newline; a BAM record begins with its length,
/// which counts the tag. A tag is the last one called mi, wherever it stands among the tags; in BAM it may
/// have any type for integers. Nothing when it is missing or not a number below 2^31.
std::optional<SequenceMark> find_sequence(SequencePlace place, std::string_view record);

/// Whether a record to be numbered has the tag mi already, of any type: it could not be told from the number.
/// Never so for SequencePlace::column.
bool has_sequence_tag(SequencePlace place, std::string_view record);

/// Turns the numbers of one stream back into 64-bit ones: each is taken as the one nearest to its
/// predecessor, ahead of it when two are, so that fewer than 2^30 numbers may be missing in one place.
class SequenceUnwrapper {
 public:
  /// Below last() when the number runs backwards.
  std::int64_t unwrap(std::uint32_t number) {
    const auto past_next = static_cast<std::int32_t>((number - static_cast<std::uint32_t>(last_) - 1) << 1);
    return last_ += (past_next >> 1) + 1;
  }
  /// The last number given, 0 in the beginning.
  std::int64_t last() const { return last_; }

 private:
  std::int64_t last_ = 0;
};

}  // namespace mrf::record
