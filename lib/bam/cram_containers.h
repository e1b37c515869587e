// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mrf::bam {

/// Follows a CRAM file as its bytes go by (CRAM specification, sections 6 to 8): counts the records of its
/// containers by their headers, and checks the checksums of headers and blocks where the version has them.
/// Other versions than 2 and 3, whose headers are others, are not looked at.
class CramContainers {
 public:
  /// Takes the next bytes of the file.
  void add(std::string_view bytes);
  /// Whether the headers so far say `count`. True of versions that are not looked at.
  bool has_records(std::uint64_t count) const { return !known_ || (whole_ && records_ == count); }
  /// What is wrong with the bytes so far, for a message; empty when nothing is.
  const std::string& fault() const { return fault_; }
  /// The reference of the container with this record, counted from 0: -2 for several, -1 for none. Nothing
  /// when there is no such container.
  std::optional<std::int32_t> reference_of(std::uint64_t record) const;

 private:
  enum class Part { definition, header, block, data, checksum };
  struct Container {
    std::uint64_t records_so_far;
    std::int32_t reference;
  };

  bool take();
  bool take_definition();
  bool take_header();
  bool take_block();
  bool take_data();
  bool take_checksum();
  void drop(std::size_t n);
  void fail(const char* reason);

  std::string bytes_;  // what has not been taken
  Part part_ = Part::definition;
  std::uint64_t offset_ = 0;     // of `bytes_`
  std::uint64_t container_ = 0;  // where the one in hand begins
  std::uint64_t body_ = 0;       // how much of it is left
  std::uint64_t data_ = 0;       // how much of a block is left
  std::uint32_t crc_ = 0;        // of the block so far
  int version_ = 0;
  bool known_ = true;  // the version
  bool whole_ = true;  // no header was malformed
  std::uint64_t records_ = 0;
  std::vector<Container> containers_;
  std::string fault_;
};

}  // namespace mrf::bam
