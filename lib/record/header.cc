// SPDX-License-Identifier: MIT
#include "record/header.h"

#include "record/sam_lines.h"

namespace mrf::record {

HeaderScanner::Belongs HeaderScanner::belongs(std::string_view rest, bool at_end) const {
  if (form_.prefix.empty()) {
    if (lines_seen_ == form_.lines || (rest.empty() && at_end)) return Belongs::no;
    return rest.empty() ? Belongs::unknown : Belongs::yes;
  }
  if (rest.size() >= form_.prefix.size()) return rest.starts_with(form_.prefix) ? Belongs::yes : Belongs::no;
  return form_.prefix.starts_with(rest) && !at_end ? Belongs::unknown : Belongs::no;
}

std::size_t HeaderScanner::take(std::string_view bytes, bool at_end) {
  std::size_t taken = 0;
  while (!over_) {
    const std::string_view rest = bytes.substr(taken);
    const Belongs belongs_here = belongs(rest, at_end);
    over_ = belongs_here == Belongs::no;
    if (belongs_here != Belongs::yes) break;
    const std::size_t newline = rest.find('\n', scanned_);
    if (newline == std::string_view::npos && !at_end) {
      scanned_ = rest.size();
      break;
    }
    if (form_.sam && has_record_shape(rest)) refuse_header_line(rest, 1, input_name_);
    taken = newline == std::string_view::npos ? bytes.size() : taken + newline + 1;
    scanned_ = 0;
    ++lines_seen_;
  }
  return taken;
}

}  // namespace mrf::record
