// SPDX-License-Identifier: MIT
#include "flow/logical_lines.h"

#include <algorithm>

namespace mrf {

namespace {

constexpr std::string_view blanks = " \t\r";

// Where a line leaves off: in a quote that it or a line before it opened, or before a backslash at its end.
struct Ending {
  char quote = '\0';
  bool continues = false;
};

Ending ending_of(std::string_view line, char quote) {
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '\\' && quote != '\'') {
      if (++at == line.size()) return {quote, true};
    } else if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '#' && (at == 0 || blanks.find(line[at - 1]) != std::string_view::npos)) {
      return {};
    }
  }
  return {quote, false};
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<LogicalLine> logical_lines(std::string_view text) {
  std::vector<LogicalLine> lines;
  Ending before;
  int number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r') && before.quote == '\0') line.remove_suffix(1);
    ++number;
    if (before.quote == '\0' && !before.continues) lines.push_back({number, ""});
    before = ending_of(line, before.quote);
    if (before.continues) line.remove_suffix(1);
    lines.back().text += line;
    if (before.quote != '\0' && !before.continues) lines.back().text += '\n';
  }
  return lines;
}

}  // namespace mrf
