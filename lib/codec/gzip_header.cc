// SPDX-License-Identifier: MIT
#include "codec/gzip_header.h"

#include <stdexcept>

namespace mrf::codec {

namespace {

constexpr std::size_t fixed_size = 10;
constexpr unsigned deflate_method = 8;
// The bits of FLG.
constexpr unsigned has_crc = 2;
constexpr unsigned has_extra = 4;
constexpr unsigned has_name = 8;
constexpr unsigned has_comment = 16;
constexpr unsigned reserved = 0xe0;

}  // namespace

bool GzipHeader::has(Field field) const {
  switch (field) {
    case Field::extra_length:
      return (flags_ & has_extra) != 0;
    case Field::extra:
      return extra_length_ > 0;
    case Field::name:
      return (flags_ & has_name) != 0;
    case Field::comment:
      return (flags_ & has_comment) != 0;
    case Field::crc:
      return (flags_ & has_crc) != 0;
    default:
      return true;
  }
}

void GzipHeader::next_field() {
  at_ = 0;
  do {
    field_ = static_cast<Field>(static_cast<int>(field_) + 1);
  } while (!has(field_));
}

void GzipHeader::take_byte(unsigned char byte) {
  const std::size_t at = at_++;
  switch (field_) {
    case Field::fixed:
      if ((at == 0 && byte != 0x1f) || (at == 1 && byte != 0x8b))
        throw std::runtime_error("invalid gzip header");
      if (at == 2 && byte != deflate_method) throw std::runtime_error("unknown compression method");
      if (at == 3) flags_ = byte;
      if (at == 3 && (byte & reserved) != 0) throw std::runtime_error("invalid gzip header");
      if (at_ == fixed_size) next_field();
      break;
    case Field::extra_length:
      extra_length_ |= static_cast<std::size_t>(byte) << (8 * at);
      if (at_ == 2) next_field();
      break;
    case Field::extra:
      if (at_ == extra_length_) next_field();
      break;
    case Field::name:
    case Field::comment:
      if (byte == 0) next_field();
      break;
    case Field::crc:
      if (at_ == 2) next_field();
      break;
    case Field::over:
      break;
  }
}

bool GzipHeader::take(std::string_view& stored) {
  while (field_ != Field::over && !stored.empty()) {
    take_byte(static_cast<unsigned char>(stored.front()));
    stored.remove_prefix(1);
  }
  return field_ == Field::over;
}

}  // namespace mrf::codec
