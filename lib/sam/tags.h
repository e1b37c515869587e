// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "sam/lenience.h"

namespace mrf::sam {

/// An optional field of a BAM record (SAM specification, section 4.2.4).
struct Tag {
  std::string_view name;
  char type = 0;
  std::string_view value;  ///< with the NUL of a Z or H, with type and count of an array
};

/// Takes the field at the front of `tags` off it. False when there is no whole one: `tag` has then its name
/// and type, as far as they are there. Type d, of htslib, is taken.
bool take_tag(std::string_view& tags, Tag& tag);

/// Whether `tags` are whole optional fields of the specification's types and nothing else.
bool are_tags(std::string_view tags);

/// What is wrong with the optional fields of a BAM record, for a message; empty when they are whole and of
/// the specification's types.
std::string fault_of_tags(std::string_view tags, Lenience lenience);

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
