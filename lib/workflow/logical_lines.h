// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mrf::workflow {

/// A line of a workflow with the lines that continue it.
struct LogicalLine {
  int number = 0;  ///< of its first line, from 1
  std::string text;
};

/// Without their comments (what follows a # at the start of a word, to the end of its line). A backslash at
/// the end continues a line, and so does a quote that is open, with the newline in it. A carriage return at
/// the end of a line is dropped outside of quotes.
std::vector<LogicalLine> logical_lines(std::string_view text);

/// Without the blanks at both ends; one behind a backslash stays.
std::string_view trim(std::string_view text);

}  // namespace mrf::workflow
