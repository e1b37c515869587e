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
    for (std::size_t i = 0; i < count_; ++i) {
      if (few_[i] == tag) return false;
    }
    if (count_ < few_.size()) {
      few_[count_++] = tag;
      return true;
    }
    if (many_.empty()) many_.resize(std::size_t{1} << 16);
    if (many_[tag]) return false;
    many_[tag] = true;
    return true;
  }

 private:
  std::array<std::uint16_t, 64> few_;
  std::size_t count_ = 0;
  std::vector<bool> many_;
};

}  // namespace mrf::sam
