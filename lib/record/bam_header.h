// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mrf::record {

/// Finds the end of the header at the front of an uncompressed BAM stream (SAM specification, section 4.2:
/// magic, text and reference sequences) as its bytes come, in one pass over them.
class BamHeaderScanner {
 public:
  explicit BamHeaderScanner(std::string input_name) : input_name_(std::move(input_name)) {}

  /// `bytes` is the front of the stream, and no shorter than in the call before. Returns the size of the
  /// header when it is there whole, else 0. Throws DataError for a length that is negative.
  std::size_t scan(std::string_view bytes);

 private:
  enum class Field { text, count, reference, over };

  bool skip(std::string_view bytes, std::size_t extra);

  std::string input_name_;
  Field field_ = Field::text;
  std::size_t at_ = 4;  // behind the magic
  std::uint32_t references_ = 0;
};

/// Throws DataError when `bytes`, at least 4 unless the input is shorter, begin no BAM stream.
void check_bam_magic(std::string_view bytes, const std::string& input_name);
/// The part of a whole header that names the reference sequences.
std::string_view bam_references(std::string_view header);

}  // namespace mrf::record
