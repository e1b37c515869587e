// SPDX-License-Identifier: MIT
#include "sam/aux_text.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "sam/digits.h"
#include "sam/hts.h"

namespace mrf::bam {

namespace {

// No field becomes more than five times as long as text: an array's int8 as ",-128".
constexpr std::size_t growth = 5;
constexpr std::size_t head_room = 16;

class AuxWriter {
 public:
  AuxWriter(std::span<const std::uint8_t> fields, char* to)
      : at_(fields.data()), end_(fields.data() + fields.size()), to_(to) {}

  char* to() const { return to_; }

  // htslib leaves less than four bytes at the end alone.
  bool run() {
    while (end_ - at_ >= 4) {
      *to_++ = '\t';
      std::memcpy(to_, at_, 2);
      to_[2] = ':';
      to_ += 3;
      const char type = static_cast<char>(at_[2]);
      at_ += 3;
      if (!write(type)) return false;
    }
    return true;
  }

 private:
  template <typename Number>
  bool take(Number& number) {
    if (static_cast<std::size_t>(end_ - at_) < sizeof number) return false;
    std::memcpy(&number, at_, sizeof number);
    at_ += sizeof number;
    return true;
  }

  void put(std::string_view text) {
    std::memcpy(to_, text.data(), text.size());
    to_ += text.size();
  }

  template <typename Number>
  bool integer() {
    Number number;
    if (!take(number)) return false;
    put("i:");
    to_ = write_number(static_cast<std::int64_t>(number), to_);
    return true;
  }

  template <typename Number>
  bool real(std::string_view type) {
    Number number;
    if (!take(number)) return false;
    put(type);
    to_ = write_real(static_cast<double>(number), to_);
    return true;
  }

  bool character() {
    put("A:");
    *to_++ = static_cast<char>(*at_++);
    return true;
  }

  bool text(char type) {
    const auto* nul =
        static_cast<const std::uint8_t*>(std::memchr(at_, 0, static_cast<std::size_t>(end_ - at_)));
    if (nul == nullptr) return false;
    *to_++ = type;
    *to_++ = ':';
    put({reinterpret_cast<const char*>(at_), static_cast<std::size_t>(nul - at_)});
    at_ = nul + 1;
    return true;
  }

  // In arrays htslib rounds in a way of its own.
  std::string_view htslib_real(double number) {
    real_.l = 0;
    if (kputd(number, &real_) < 0) throw std::bad_alloc();
    return real_.view();
  }

  template <typename Number>
  bool elements(std::uint32_t count) {
    if (static_cast<std::size_t>(end_ - at_) / sizeof(Number) < count) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      Number number;
      std::memcpy(&number, at_ + i * sizeof number, sizeof number);
      *to_++ = ',';
      if constexpr (std::is_floating_point_v<Number>) {
        put(htslib_real(number));
      } else {
        to_ = write_number(static_cast<std::int64_t>(number), to_);
      }
    }
    at_ += count * sizeof(Number);
    return true;
  }

  bool array() {
    const char type = static_cast<char>(*at_++);
    std::uint32_t count = 0;
    if (!take(count)) return false;
    put("B:");
    *to_++ = type;
    switch (type) {
      case 'c':
        return elements<std::int8_t>(count);
      case 'C':
        return elements<std::uint8_t>(count);
      case 's':
        return elements<std::int16_t>(count);
      case 'S':
        return elements<std::uint16_t>(count);
      case 'i':
        return elements<std::int32_t>(count);
      case 'I':
        return elements<std::uint32_t>(count);
      case 'f':
        return elements<float>(count);
      default:
        return false;
    }
  }

  bool write(char type) {
    switch (type) {
      case 'C':
        return integer<std::uint8_t>();
      case 'c':
        return integer<std::int8_t>();
      case 'S':
        return integer<std::uint16_t>();
      case 's':
        return integer<std::int16_t>();
      case 'I':
        return integer<std::uint32_t>();
      case 'i':
        return integer<std::int32_t>();
      case 'A':
        return character();
      case 'Z':
      case 'H':
        return text(type);
      case 'f':
        return real<float>("f:");
      case 'd':
        return real<double>("d:");
      case 'B':
        return array();
      default:
        return false;
    }
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  char* to_;
  Text real_;
};

}  // namespace

bool append_aux_text(std::span<const std::uint8_t> fields, Buffer& to) {
  char* const start = to.room(growth * fields.size() + head_room + digits_room);
  AuxWriter writer(fields, start);
  if (!writer.run()) return false;
  to.add(static_cast<std::size_t>(writer.to() - start));
  return true;
}

}  // namespace mrf::bam
