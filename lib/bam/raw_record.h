// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sam/hts.h"

namespace mrf::bam {

/// A BAM record as it lies in the file, with its block_size in front (SAM specification, section 4.2).
/// Nothing is checked; is_unchanged() does that.
class RawRecord {
 public:
  explicit RawRecord(std::string_view bytes) : bytes_(bytes) {}

  std::string_view bytes() const { return bytes_; }
  std::int32_t reference() const { return at<std::int32_t>(4); }
  std::int32_t position() const { return at<std::int32_t>(8); }
  std::size_t name_size() const { return at<std::uint8_t>(12); }
  std::uint8_t mapq() const { return at<std::uint8_t>(13); }
  std::uint16_t bin() const { return at<std::uint16_t>(14); }
  std::size_t cigar_count() const { return at<std::uint16_t>(16); }
  std::uint16_t flags() const { return at<std::uint16_t>(18); }
  std::int32_t bases() const { return at<std::int32_t>(20); }
  std::int32_t mate_reference() const { return at<std::int32_t>(24); }
  std::int32_t mate_position() const { return at<std::int32_t>(28); }
  bool name_has_end() const { return bytes_[name_at + name_size() - 1] == '\0'; }
  /// The optional fields; the lengths have to fit the record's size.
  std::string_view tags() const {
    const auto n = static_cast<std::size_t>(bases());
    return bytes_.substr(name_at + name_size() + 4 * cigar_count() + (n + 1) / 2 + n);
  }
  std::string_view cigar() const { return bytes_.substr(name_at + name_size(), 4 * cigar_count()); }
  std::uint32_t first_operation() const { return at<std::uint32_t>(name_at + name_size()); }

 private:
  static constexpr std::size_t name_at = 36;

  template <typename Number>
  Number at(std::size_t offset) const {
    Number number;
    std::memcpy(&number, bytes_.data() + offset, sizeof number);
    return number;
  }

  std::string_view bytes_;
};

/// True when store_record() gives the same bytes for what load_record() makes of the record, found without
/// taking it apart. False when it does not, when it is malformed, or when finding out is not worth while.
bool is_unchanged(const RawRecord& record, const sam_hdr_t& header);

}  // namespace mrf::bam
