// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace mrf::codec {

/// The header of a gzip member (RFC 1952, section 2.3), taken in pieces of any size and skipped.
class GzipHeader {
 public:
  /// Gets ready for the next member.
  void start() { *this = {}; }
  /// Takes bytes from the front of `stored`; returns whether the header is over. Throws std::runtime_error
  /// when it is none.
  bool take(std::string_view& stored);

 private:
  enum class Field { fixed, extra_length, extra, name, comment, crc, over };

  void take_byte(unsigned char byte);
  void next_field();
  bool has(Field field) const;

  Field field_ = Field::fixed;
  std::size_t at_ = 0;  ///< bytes of the field that were taken
  unsigned flags_ = 0;
  std::size_t extra_length_ = 0;
};

}  // namespace mrf::codec
