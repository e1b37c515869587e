// SPDX-License-Identifier: MIT
#include "flow/logical_lines.h"

#include <algorithm>

namespace mrf {

namespace {

constexpr std::string_view blanks = " \t\r";

bool ends_with_continuation(std::string_view line) {
  const auto last = line.find_last_not_of('\\');
  const auto backslashes = line.size() - (last == std::string_view::npos ? 0 : last + 1);
  return backslashes % 2 == 1;
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<LogicalLine> logical_lines(std::string_view text) {
  std::vector<LogicalLine> lines;
  bool continued = false;
  int number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    if (!continued) lines.push_back({number, ""});
    continued = ends_with_continuation(line) && (continued || !trim(line).starts_with('#'));
    if (continued) line.remove_suffix(1);
    lines.back().text += line;
  }
  return lines;
}

}  // namespace mrf
