// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mrf::bam {

/// Counts the records of a CRAM by the headers of its containers (CRAM specification, section 7), as the
/// bytes go by.
class CramContainers {
 public:
  /// Takes the next bytes of the file.
  void add(std::string_view bytes);
  /// Whether the headers so far say `count`. True of versions other than 2 and 3, whose headers are others.
  bool has_records(std::uint64_t count) const { return !known_ || (whole_ && records_ == count); }

 private:
  void take_definition();
  bool skip();
  bool take_header();

  std::string bytes_;       // what has not been taken
  std::uint64_t skip_ = 0;  // how many more belong to what has been
  int version_ = 0;
  bool known_ = true;  // the version
  bool whole_ = true;  // no header was malformed
  std::uint64_t records_ = 0;
};

}  // namespace mrf::bam
