// SPDX-License-Identifier: MIT
#include "record/sam_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace mrf::record {

namespace {

constexpr std::size_t longest_shown = 100;
constexpr unsigned fields_of_a_record = 11;

// FLAG, POS, MAPQ, PNEXT, TLEN, counted from 0.
constexpr bool is_number_field(unsigned field) {
  return field == 1 || field == 3 || field == 4 || field == 7 || field == 8;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool has_record_shape(std::string_view line) {
  line = line.substr(0, line.find('\n'));
  unsigned field = 0;
  for (;; ++field) {
    const std::size_t tab = line.find('\t');
    if (is_number_field(field) && !is_number(line.substr(0, tab))) return false;
    if (tab == std::string_view::npos) break;
    line.remove_prefix(tab + 1);
  }
  return field + 1 >= fields_of_a_record;
}

void refuse_header_line(std::string_view line, std::uint64_t record, const std::string& input_name) {
  if (has_record_shape(line)) {
    const std::string_view name = line.substr(0, std::min(line.find('\t'), longest_shown));
    throw base::DataError(
        "read", input_name,
        fmt::format("record {} is named '{}', which SAM text cannot tell from a header line; "
                    "'--record bam' takes such names",
                    record, name));
  }
  line = line.substr(0, std::min(line.find_first_of("\r\n"), longest_shown));
  throw base::DataError(
      "read", input_name,
      fmt::format("'{}' stands where record {} is to be: no header line follows a record, and no "
                  "read name begins with '@'",
                  line, record));
}

}  // namespace mrf::record
