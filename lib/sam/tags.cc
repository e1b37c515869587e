// SPDX-License-Identifier: MIT
#include "sam/tags.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "base/error.h"
#include "base/number_at.h"
#include "record/bam_aux.h"
#include "sam/characters.h"

namespace mrf::sam {

namespace {

constexpr std::size_t prefix = 3;  // name and type
constexpr std::size_t no_value = 0;

constexpr auto number_sizes = [] {
  std::array<std::uint8_t, 256> sizes{};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    sizes[i] = static_cast<std::uint8_t>(record::aux_number_size(static_cast<char>(i)));
  }
  return sizes;
}();

std::size_t size_of_number(char type) { return number_sizes[static_cast<unsigned char>(type)]; }

// The size of the text at `at` with its NUL.
inline std::size_t size_of_text(std::string_view tags, std::size_t at) {
  std::size_t size = 0;
  for (; at + size + word::size <= tags.size(); size += word::size) {
    if (const std::uint64_t nul = word::equal(word::load(tags.data() + at + size), '\0'); nul != 0)
      return size + word::first(nul) + 1;
  }
  for (; at + size < tags.size(); ++size) {
    if (tags[at + size] == '\0') return size + 1;
  }
  return no_value;
}

std::size_t size_of_array(std::string_view value) {
  constexpr std::size_t front = 1 + sizeof(std::uint32_t);
  if (value.size() < front || value.front() == 'A') return no_value;
  const std::size_t each = size_of_number(value.front());
  return each == no_value ? no_value : front + each * base::number_at<std::uint32_t>(value, 1);
}

// The size of the value at the front of `rest`, or no_value. htslib knows numbers of 8 bytes, too.
std::size_t size_of_value(char type, std::string_view rest) {
  std::size_t size = type == 'd' ? 8 : size_of_number(type);
  if (type == 'Z' || type == 'H') size = size_of_text(rest, 0);
  if (type == 'B') size = size_of_array(rest);
  return size > rest.size() ? no_value : size;
}

}  // namespace

bool take_tag(std::string_view& tags, Tag& tag) {
  tag = {tags.substr(0, 2), tags.size() < prefix ? '\0' : tags[2], {}};
  if (tags.size() <= prefix) return false;
  const std::size_t size = size_of_value(tag.type, tags.substr(prefix));
  if (size == no_value) return false;
  tag.value = tags.substr(prefix, size);
  tags.remove_prefix(prefix + size);
  return true;
}

// Asked in the order of how common the types are; what is added is a constant or found by a scan, so that a
// processor that guesses the branches right does not wait for the sizes.
bool are_tags(std::string_view tags) {
  std::size_t at = 0;
  while (at + prefix < tags.size()) {
    const char type = tags[at + 2];
    at += prefix;
    std::size_t size = no_value;
    if (type == 'Z') {
      size = size_of_text(tags, at);
    } else if (type == 'C') {
      at += 1;
      continue;
    } else if (type == 'S') {
      at += 2;
      continue;
    } else if (type != 'd') {
      size = size_of_value(type, tags.substr(at));
    }
    if (size == no_value) return false;
    at += size;
  }
  return at == tags.size();
}

std::string fault_of_tags(std::string_view tags, Lenience lenience) {
  Tag tag;
  while (!tags.empty()) {
    if (!take_tag(tags, tag))
      return fmt::format("the optional field '{}' is malformed or not whole", base::printable(tag.name));
    if (tag.type != 'd' || lenience.takes(Deviation::tag_type)) continue;
    return fmt::format("the optional field '{}' has type 'd', which SAM does not have; --permissive takes it",
                       base::printable(tag.name));
  }
  return "";
}

}  // namespace mrf::sam
