// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace mrf::codec {

/// The kinds of bytes in a BAM record (SAM specification, section 4.2) that differ in what they repeat.
enum class Field : std::uint8_t { fixed, name, bases, qualities, tags, cigar };
inline constexpr std::size_t field_kinds = 6;

/// The bytes from the end of the span before, or from 0, to `end` are of one field; a CIGAR of few operations
/// counts as fixed.
struct FieldSpan {
  std::uint32_t end = 0;
  Field field = Field::fixed;
};

/// Raw DEFLATE (RFC 1951) of blocks of BAM records, smaller and faster than a compressor that does not know
/// in which field of a record it stands; one for each thread. The same bytes and spans give the same result
/// on every processor.
class FieldDeflater {
 public:
  static constexpr std::size_t most_bytes = 65536;
  static constexpr int least_level = 4;
  static constexpr int most_level = 7;

  /// `level` is least_level to most_level. Throws std::bad_alloc.
  explicit FieldDeflater(int level);
  ~FieldDeflater();
  FieldDeflater(FieldDeflater&&) noexcept;
  FieldDeflater& operator=(FieldDeflater&&) noexcept;

  /// Deflates `payload`, at most most_bytes, to `to`; returns the bytes written, 0 when they do not fit into
  /// `to` less 8 bytes. The spans follow each other and cover the payload; what they do not cover counts as
  /// fixed.
  std::size_t deflate(std::string_view payload, std::span<const FieldSpan> fields, std::span<char> to);

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace mrf::codec
