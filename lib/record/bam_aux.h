// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mrf::record {

/// An optional field of a BAM record (SAM specification, section 4.2.4): the bytes [begin, begin + size) of
/// the record.
struct AuxField {
  std::string_view tag;
  char type = 0;
  std::string_view value;
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// The size in bytes of a number of type A, c, C, s, S, i, I or f (SAM specification, section 4.2.4); 0 for
/// any other type.
constexpr std::size_t aux_number_size(char type) {
  switch (type) {
    case 'A':
    case 'c':
    case 'C':
      return 1;
    case 's':
    case 'S':
      return 2;
    case 'i':
    case 'I':
    case 'f':
      return 4;
    default:
      return 0;
  }
}

/// Goes through the optional fields of one record, which begins with its length.
class AuxFields {
 public:
  explicit AuxFields(std::string_view record);
  /// The next field; empty behind the last one, and where the next bytes are no field.
  std::optional<AuxField> next();
  /// After next() was empty: the bytes from there on, which are no field; empty at the record's end.
  std::string_view rest() const { return record_.substr(std::min(at_, record_.size())); }

 private:
  std::string_view record_;
  std::size_t at_;
};

/// The value of a field of type c, C, s, S, i or I.
std::optional<std::int64_t> integer_of(const AuxField& field);

}  // namespace mrf::record
