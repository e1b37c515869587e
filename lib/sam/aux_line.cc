// SPDX-License-Identifier: MIT
#include "sam/aux_line.h"

#include <charconv>
#include <limits>

#include "sam/characters.h"
#include "sam/digits.h"
#include "sam/tag_set.h"

namespace mrf::sam {

namespace {

template <typename Number>
std::uint8_t* put(char type, Number number, std::uint8_t* to) {
  *to = static_cast<std::uint8_t>(type);
  std::memcpy(to + 1, &number, sizeof number);
  return to + 1 + sizeof number;
}

// The smallest type that holds the number, as htslib chooses it.
std::uint8_t* put_integer(std::uint32_t size, bool negative, std::uint8_t* to) {
  if (!negative) {
    if (size <= std::numeric_limits<std::uint8_t>::max())
      return put('C', static_cast<std::uint8_t>(size), to);
    if (size <= std::numeric_limits<std::uint16_t>::max())
      return put('S', static_cast<std::uint16_t>(size), to);
    return put('I', size, to);
  }
  const std::int32_t number = -static_cast<std::int32_t>(size);
  if (number >= std::numeric_limits<std::int8_t>::min())
    return put('c', static_cast<std::int8_t>(number), to);
  if (number >= std::numeric_limits<std::int16_t>::min())
    return put('s', static_cast<std::int16_t>(number), to);
  return put('i', number, to);
}

class AuxLine {
 public:
  AuxLine(LineCursor cursor, std::uint8_t* to) : cursor_(cursor), to_(to) {}

  bool run() {
    do {
      if (!field()) return false;
    } while (cursor_.take('\t'));
    return cursor_.at_end();
  }
  std::uint8_t* end() const { return to_; }

 private:
  bool field() {
    constexpr std::size_t prefix = 5;
    const char* const at = cursor_.at();
    if (cursor_.left() < prefix || at[2] != ':' || at[4] != ':' || !is_tag_name(at) || !seen_.add(at))
      return false;
    std::memcpy(to_, at, 2);
    to_ += 2;
    cursor_.skip(prefix);
    switch (at[3]) {
      case 'A':
        return character();
      case 'i':
        return integer();
      case 'f':
        return real();
      case 'Z':
        return text();
      case 'B':
        return array();
      default:
        return false;
    }
  }

  bool character() {
    if (cursor_.at_end() || !is_visible(*cursor_.at())) return false;
    to_ = put('A', *cursor_.at(), to_);
    cursor_.skip(1);
    return true;
  }

  bool integer() {
    const bool negative = cursor_.take('-');
    std::uint32_t size = 0;
    if (!cursor_.number(size)) return false;
    to_ = put_integer(size, negative, to_);
    return true;
  }

  bool take_real(float& number) {
    const char* const at = cursor_.at();
    const char* const first = cursor_.left() > 1 && *at == '-' ? at + 1 : at;
    if (cursor_.at_end() || *first < '0' || *first > '9') return false;
    const auto [end, error] = std::from_chars(at, at + cursor_.left(), number);
    if (error != std::errc()) return false;
    if (number == 0 && !is_zero({at, static_cast<std::size_t>(end - at)})) return false;
    cursor_.skip(static_cast<std::size_t>(end - at));
    return true;
  }

  bool real() {
    float number = 0;
    if (!take_real(number)) return false;
    to_ = put('f', number, to_);
    return true;
  }

  bool text() {
    *to_++ = 'Z';
    const std::size_t size = copy_printable({cursor_.at(), cursor_.left()}, reinterpret_cast<char*>(to_));
    to_ += size;
    *to_++ = 0;
    cursor_.skip(size);
    return cursor_.at_end() || *cursor_.at() == '\t';
  }

  template <typename Number>
  bool elements() {
    std::uint8_t* const start = to_;
    to_ += sizeof(std::uint32_t);
    std::uint32_t count = 0;
    for (; cursor_.take(','); ++count) {
      Number number{};
      if constexpr (std::is_floating_point_v<Number>) {
        if (!take_real(number)) return false;
      } else {
        const bool negative = cursor_.take('-');
        std::uint32_t size = 0;
        if (!cursor_.number(size)) return false;
        const std::int64_t value = negative ? -std::int64_t{size} : std::int64_t{size};
        number = static_cast<Number>(value);
        if (std::int64_t{number} != value) return false;
      }
      std::memcpy(to_, &number, sizeof number);
      to_ += sizeof number;
    }
    std::memcpy(start, &count, sizeof count);
    return count > 0;
  }

  bool array() {
    if (cursor_.left() < 2) return false;
    const char type = *cursor_.at();
    cursor_.skip(1);
    *to_++ = 'B';
    *to_++ = static_cast<std::uint8_t>(type);
    switch (type) {
      case 'c':
        return elements<std::int8_t>();
      case 'C':
        return elements<std::uint8_t>();
      case 's':
        return elements<std::int16_t>();
      case 'S':
        return elements<std::uint16_t>();
      case 'i':
        return elements<std::int32_t>();
      case 'I':
        return elements<std::uint32_t>();
      case 'f':
        return elements<float>();
      default:
        return false;
    }
  }

  LineCursor cursor_;
  std::uint8_t* to_;
  TagSet seen_;
};

}  // namespace

bool parse_aux(LineCursor cursor, std::uint8_t* to, std::uint8_t*& end) {
  AuxLine line(cursor, to);
  const bool good = line.run();
  end = line.end();
  return good;
}

}  // namespace mrf::sam
