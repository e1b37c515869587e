// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mrf {

/// A line of a workflow with the lines that continue it.
struct LogicalLine {
  int number = 0;  ///< of its first line, from 1
  std::string text;
};

/// A backslash at the end continues a line, and so does a quote that is open, with the newline in it. A
/// comment ends with its line.
std::vector<LogicalLine> logical_lines(std::string_view text);

/// Without the blanks at both ends.
std::string_view trim(std::string_view text);

}  // namespace mrf
