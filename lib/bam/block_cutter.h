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
  /// The fields of the records in the last payload, or of the piece of a record; empty without `with_fields`,
  /// and for a piece that is mostly tags: numbers that differ little, and texts that repeat from far away,
  /// are better off with a compressor that looks at more.
  std::span<const codec::FieldSpan> fields() const { return fields_; }

  /// The size in bytes of the whole records at the front of `records` that fit into `room` bytes.
  static std::size_t fitting(std::string_view records, std::size_t room);
  /// The size in bytes of what comes before the last payload of `records`, to which more may be added; all of
  /// them when that is a piece of a record.
  static std::size_t closed(std::string_view records);

 private:
  using Fields = std::vector<codec::FieldSpan>;
  static void add_fields(std::string_view record, std::size_t at, Fields& to);
  void begin_pieces(std::string_view rest);
  void add_fields_of_piece(std::size_t size);

  bool with_fields_;
  std::size_t piece_at_ = 0;    // in a record larger than a block
  std::size_t piece_left_ = 0;  // of that record
  Fields record_fields_;        // of that record
  Fields fields_;
};

}  // namespace mrf::bam
