// SPDX-License-Identifier: MIT
#include "sam/tags.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "base/error.h"
#include "record/bam_aux.h"

namespace mrf::sam {

namespace {

constexpr std::size_t prefix = 3;  // name and type
constexpr std::size_t no_value = 0;

// htslib knows numbers of 8 bytes, too.
constexpr std::size_t size_of_number(char type) { return type == 'd' ? 8 : record::aux_number_size(type); }

std::size_t size_of_array(std::string_view value) {
  constexpr std::size_t front = 1 + sizeof(std::uint32_t);
  if (value.size() < front || value.front() == 'A' || value.front() == 'd') return no_value;
  std::uint32_t count = 0;
  std::memcpy(&count, value.data() + 1, sizeof count);
  const std::size_t each = size_of_number(value.front());
  return each == no_value ? no_value : front + each * count;
}

}  // namespace

bool take_tag(std::string_view& tags, Tag& tag) {
  tag = {tags.substr(0, 2), tags.size() < prefix ? '\0' : tags[2], {}};
  if (tags.size() <= prefix) return false;
  const std::string_view rest = tags.substr(prefix);
  std::size_t size = no_value;
  if (tag.type == 'Z' || tag.type == 'H') {
    size = rest.find('\0') + 1;
  } else {
    size = tag.type == 'B' ? size_of_array(rest) : size_of_number(tag.type);
  }
  if (size == no_value || size > rest.size()) return false;
  tag.value = rest.substr(0, size);
  tags.remove_prefix(prefix + size);
  return true;
}

bool are_tags(std::string_view tags) {
  Tag tag;
  while (!tags.empty()) {
    if (!take_tag(tags, tag) || tag.type == 'd') return false;
  }
  return true;
}

std::string fault_of_tags(std::string_view tags, Lenience lenience) {
  Tag tag;
  while (!tags.empty()) {
    if (!take_tag(tags, tag))
      return fmt::format("the optional field '{}' is malformed or not whole", base::printable(tag.name));
    if (tag.type != 'd' || lenience.takes(Lax::tag_type)) continue;
    return fmt::format("the optional field '{}' has type 'd', which SAM does not have; --permissive takes it",
                       base::printable(tag.name));
  }
  return "";
}

}  // namespace mrf::sam
