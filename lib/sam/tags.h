// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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

}  // namespace mrf::sam
