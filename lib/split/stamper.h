// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "record/sequence.h"
#include "split/outputs.h"

namespace mrf::split {

/// Puts records with their numbers.
class Stamper {
 public:
  explicit Stamper(record::SequencePlace place) : place_(place), stamp_(place) {}

  /// Puts a whole record with the number in hand.
  void put(Outputs& outputs, std::size_t output, std::string_view record) const;
  /// Whether a record carries a number, or what would be taken for one, already.
  bool is_numbered(std::string_view record) const { return record::has_sequence_tag(place_, record); }
  /// Goes on to the next number.
  void advance() { stamp_.advance(); }

 private:
  void put_bam(Outputs& outputs, std::size_t output, std::string_view record) const;

  record::SequencePlace place_;
  record::SequenceStamp stamp_;
};

}  // namespace mrf::split
