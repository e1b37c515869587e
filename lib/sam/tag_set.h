// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace mrf::sam {

/// The optional fields that a record has had, to find those that come twice. A record has few of them.
class TagSet {
 public:
  /// False when the field, of which two characters are the name, was there already.
  bool add(const char* name) {
    std::uint16_t tag = 0;
    std::memcpy(&tag, name, sizeof tag);
    const std::uint64_t bit = std::uint64_t{1} << (tag * 0x9e3779b1U >> 26);
    if ((seen_ & bit) != 0) return add_slowly(tag);
    seen_ |= bit;
    few_[count_++] = tag;
    return true;
  }

 private:
  bool add_slowly(std::uint16_t tag) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (few_[i] == tag) return false;
    }
    if (count_ < few_.size() / 2) {
      few_[count_++] = tag;
      return true;
    }
    if (many_.empty()) many_.resize(std::size_t{1} << 16);
    if (many_[tag]) return false;
    many_[tag] = true;
    return true;
  }

  std::uint64_t seen_ = 0;              // a bit of each field's hash: where it is not set, the field is new
  std::array<std::uint16_t, 128> few_;  // the second half has room for one field a bit
  std::size_t count_ = 0;
  std::vector<bool> many_;
};

}  // namespace mrf::sam
