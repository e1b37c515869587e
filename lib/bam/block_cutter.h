// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "codec/field_deflater.h"

namespace mrf::bam {

/// Cuts BAM records that lie one after the other into the payloads of BGZF blocks: as many whole records as
/// fit, as htslib does, and the pieces of a record that is larger than a block by themselves. Where the
/// blocks begin so follows from the records alone.
class BlockCutter {
 public:
  /// The fields of the records are looked for if `with_fields`.
  explicit BlockCutter(bool with_fields) : with_fields_(with_fields) {}
  /// The next payload at the front of `rest`, which is not empty and gives it away.
  std::string_view cut(std::string_view& rest);
  /// The fields of the records in the last payload; empty for a piece of a record, and without `with_fields`.
  std::span<const codec::FieldSpan> fields() const { return fields_; }

  /// The size in bytes of the whole records at the front of `records` that fit into `room` bytes.
  static std::size_t fitting(std::string_view records, std::size_t room);
  /// The size in bytes of what comes before the last payload of `records`, to which more may be added; all of
  /// them when that is a piece of a record.
  static std::size_t closed(std::string_view records);

 private:
  void add_fields(std::string_view record, std::size_t at);

  bool with_fields_;
  std::size_t piece_left_ = 0;  // of a record larger than a block
  std::vector<codec::FieldSpan> fields_;
};

}  // namespace mrf::bam
