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
/// [name] kept as pieces. What would need a shell (| & ; ( ) `) is refused. Throws WorkflowError.
CommandText split_command(const Place& place, std::string_view text);

/// The value of a "name = value" line: unquoted in the same way, blanks inside kept. Throws WorkflowError.
Word split_value(const Place& place, std::string_view text);

}  // namespace mrf::workflow
