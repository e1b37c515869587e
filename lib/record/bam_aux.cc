// SPDX-License-Identifier: MIT
#include "record/bam_aux.h"

#include "base/number_at.h"

namespace mrf::record {

namespace {

// Behind the fixed fields, the name, the CIGAR, the bases and the qualities.
std::size_t first_field(std::string_view record) {
  constexpr std::size_t fixed_fields = 36;
  const std::size_t name = base::number_at<std::uint8_t>(record, 12);
  const std::size_t operations = base::number_at<std::uint16_t>(record, 16);
  const std::size_t bases = base::number_at<std::uint32_t>(record, 20);
  return fixed_fields + name + 4 * operations + (bases + 1) / 2 + bases;
}

// 0 when no value of this type is in front of `rest`.
std::size_t value_size(char type, std::string_view rest) {
  if (type == 'Z' || type == 'H') return rest.find('\0') + 1;
  if (type != 'B') return aux_number_size(type);
  constexpr std::size_t array_head = 5;
  if (rest.size() < array_head || aux_number_size(rest[0]) == 0) return 0;
  return array_head + aux_number_size(rest[0]) * base::number_at<std::uint32_t>(rest, 1);
}

}  // namespace

AuxFields::AuxFields(std::string_view record) : record_(record), at_(first_field(record)) {}

std::optional<AuxField> AuxFields::next() {
  constexpr std::size_t head = 3;
  if (record_.size() < head || at_ > record_.size() - head) return std::nullopt;
  const std::string_view rest = record_.substr(at_);
  const std::size_t value = value_size(rest[2], rest.substr(head));
  if (value == 0 || value > rest.size() - head) return std::nullopt;
  const AuxField field{rest.substr(0, 2), rest[2], rest.substr(head, value), at_, head + value};
  at_ += field.size;
  return field;
}

std::optional<std::int64_t> integer_of(const AuxField& field) {
  switch (field.type) {
    case 'c':
      return base::number_at<std::int8_t>(field.value, 0);
    case 'C':
      return base::number_at<std::uint8_t>(field.value, 0);
    case 's':
      return base::number_at<std::int16_t>(field.value, 0);
    case 'S':
      return base::number_at<std::uint16_t>(field.value, 0);
    case 'i':
      return base::number_at<std::int32_t>(field.value, 0);
    case 'I':
      return base::number_at<std::uint32_t>(field.value, 0);
    default:
      return std::nullopt;
  }
}

}  // namespace mrf::record
