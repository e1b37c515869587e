// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace mrf::sam {

/// Takes what a SAM line has, from the left.
class LineCursor {
 public:
  explicit LineCursor(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  bool at_end() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const char* at() const { return at_; }
  void skip(std::size_t n) { at_ += n; }
  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  /// The text up to the next tab, which is taken too; false when there is none.
  bool field(std::string_view& text) {
    const auto* tab = static_cast<const char*>(std::memchr(at_, '\t', left()));
    if (tab == nullptr) return false;
    text = {at_, static_cast<std::size_t>(tab - at_)};
    at_ = tab + 1;
    return true;
  }

  /// A decimal number of at most nine digits and with no zero in front.
  bool number(std::uint32_t& value) {
    const char* const start = at_;
    value = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      value = value * 10 + static_cast<std::uint32_t>(*at_ - '0');
    }
    const auto digits = at_ - start;
    return digits > 0 && digits <= 9 && (digits == 1 || *start != '0');
  }
  /// The same with a tab behind it.
  bool number_field(std::uint32_t& value, std::uint32_t most) {
    return number(value) && value <= most && take('\t');
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace mrf::sam
