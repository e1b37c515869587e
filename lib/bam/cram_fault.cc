// SPDX-License-Identifier: MIT
#include "bam/cram_fault.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace mrf::bam {

namespace {

constexpr std::size_t malformed_value = 0;

std::size_t size_of_number(char type) {
  switch (type) {
    case 'A':
    case 'c':
    case 'C':
      return 1;
    case 's':
    case 'S':
      return 2;
    case 'i':
    case 'I':
    case 'f':
      return 4;
    case 'd':
      return 8;
    default:
      return malformed_value;
  }
}

std::size_t size_of_array(std::string_view value) {
  constexpr std::size_t front = 1 + sizeof(std::uint32_t);
  if (value.size() < front || value.front() == 'A' || value.front() == 'd') return malformed_value;
  std::uint32_t count = 0;
  std::memcpy(&count, value.data() + 1, sizeof count);
  const std::size_t each = size_of_number(value.front());
  return each == malformed_value ? malformed_value : front + each * count;
}

// Of the value at the front; 0 when it is malformed.
std::size_t size_of_value(char type, std::string_view value) {
  if (type == 'Z' || type == 'H') return value.find('\0') + 1;
  return type == 'B' ? size_of_array(value) : size_of_number(type);
}

const char* fault_of_tags(std::string_view tags) {
  constexpr std::size_t prefix = 3;
  while (!tags.empty()) {
    if (tags.size() <= prefix) return "an optional field is malformed";
    const char type = tags[2];
    const std::size_t size = size_of_value(type, tags.substr(prefix));
    if (size == malformed_value || size > tags.size() - prefix) return "an optional field is malformed";
    if (tags.starts_with("NM") && std::string_view("ZHBd").find(type) != std::string_view::npos)
      return "its NM tag is no number";
    tags.remove_prefix(prefix + size);
  }
  return nullptr;
}

// CRAM counts positions from 1 (specification, section 8.4) and has 32 bits for them.
bool is_place(hts_pos_t position) { return position < std::numeric_limits<std::int32_t>::max(); }

bool has_places(const bam1_t& record) {
  const auto& core = record.core;
  using Limits = std::numeric_limits<std::int32_t>;
  return is_place(bam_endpos(&record)) && is_place(core.mpos) && core.isize >= Limits::min() &&
         core.isize <= Limits::max();
}

}  // namespace

const char* cram_fault(const bam1_t& record) {
  if (!has_places(record)) return "a position is too large for CRAM";
  const std::uint32_t* const cigar = bam_get_cigar(&record);
  const bool mapped = (record.core.flag & BAM_FUNMAP) == 0;
  for (std::uint32_t i = 0; mapped && i < record.core.n_cigar; ++i) {
    if (bam_cigar_op(cigar[i]) > BAM_CDIFF) return "its CIGAR has an operation that CRAM does not have";
  }
  const auto* const tags = reinterpret_cast<const char*>(bam_get_aux(&record));
  return fault_of_tags({tags, static_cast<std::size_t>(bam_get_l_aux(&record))});
}

}  // namespace mrf::bam
