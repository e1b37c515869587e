// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "workflow/workflow.h"

namespace mrf::workflow {

/// The words and redirections of a command.
struct CommandText {
  std::vector<Word> words;
  std::vector<Redirection> redirections;
};

/// Where a text stands, for messages.
struct Place {
  std::string file;
  int line = 0;
};

/// Splits and unquotes a command as sh does (POSIX, Shell Command Language 2.2), with $name and
/// [name] kept as parts. What would need a shell (| & ; ( ) `) is refused. Throws WorkflowError.
CommandText split_command(const Place& place, std::string_view text);

/// The value of a "name = value" line: unquoted in the same way, blanks inside kept. Throws WorkflowError.
Word split_value(const Place& place, std::string_view text);

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
