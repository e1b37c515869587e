// SPDX-License-Identifier: MIT
#pragma once

#include <random>
#include <string>

#include "sam/hts.h"

namespace mrf::bam::test {

/// What the records are made for.
inline constexpr const char* two_references =
    "@SQ\tSN:c1\tLN:2000000000\n@SQ\tSN:chromosome_2\tLN:2000000000\n";

/// Records of every shape that a header with two references allows, the same ones for the same seed.
class RandomRecords {
 public:
  explicit RandomRecords(unsigned seed) : random_(seed) {}

  sam::RecordPtr next();
  std::uint64_t number(std::uint64_t least, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(least, most)(random_);
  }

 private:
  std::string text(std::size_t size, char first, char last);
  std::string value(char type);
  void add_field(bam1_t& record, int index);

  std::mt19937 random_;
};

/// The line that htslib makes of a record.
std::string htslib_line(const bam1_t& record, const sam_hdr_t& header);

}  // namespace mrf::bam::test
