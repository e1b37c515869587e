// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mrf::workflow {

/// A workflow that is wrong; what() is "FILE:LINE: REASON" (mrf-workflow(5)), the status is usage.
class WorkflowError : public base::UsageError {
 public:
  WorkflowError(const std::string& file, int line, const std::string& reason);
  const char* what() const noexcept override { return text_.c_str(); }
  bool offers_help() const noexcept override { return false; }

 private:
  std::string text_;
};

/// A stretch of a word as it was written, before variables and numbers are put in.
struct WordPart {
  enum class Kind {
    text,      ///< itself
    variable,  ///< $name: its value, never split or parsed again
    index,     ///< [name]: the job's own number for "i", else the numbers below the variable's value
    in,        ///< the path of a FIFO for its reader; only in a plan
    out,       ///< the path of a FIFO for its writer; only in a plan
    save,      ///< in front of the parts of a result's path
  };
  Kind kind = Kind::text;
  std::string text;
  /// Text in quotes: no in:, out: or save: is looked for in it.
  bool quoted = false;
  /// Of out: only: written out:NAME!, its end is the writer's close (mrf-workflow(5), End of data).
  bool ends_at_close = false;
};

using Word = std::vector<WordPart>;

/// The path of a FIFO stands here.
inline bool is_fifo(const WordPart& part) {
  return part.kind == WordPart::Kind::in || part.kind == WordPart::Kind::out;
}
inline bool has_fifo(const Word& word) { return std::any_of(word.begin(), word.end(), is_fifo); }
/// The path of a FIFO or of a result stands here.
inline bool has_reference(const Word& word) {
  const auto is_save = [](const WordPart& part) { return part.kind == WordPart::Kind::save; };
  return has_fifo(word) || std::any_of(word.begin(), word.end(), is_save);
}

/// The part as a plan's text shows it: "in:NAME", "out:NAME!", "save:PATH", or its text.
std::string text_of(const WordPart& part);
/// That of all its parts.
std::string text_of(const Word& word);

/// One of <, >, >> and 2>.
struct Redirection {
  int fd = 0;
  bool append = false;
  Word target;
};

/// A "name: command" line.
struct JobLine {
  std::string name;
  std::string count;  ///< what stands between the brackets of name[...], empty without them
  int line = 0;
  std::optional<std::size_t> section;  ///< the one of Workflow::sections that it stands in
  std::set<int> ok_statuses{0};        ///< exit statuses that are success: 0, and those behind "ok"
  std::vector<Word> environment{};     ///< "NAME=VALUE" words in front of the command
  std::vector<Word> words;
  std::vector<Redirection> redirections;
};

/// "[each NAME in VALUE ... by COUNT]": its jobs run once for each value, COUNT rounds at a time.
struct EachLine {
  std::string variable;
  int line = 0;
  std::vector<Word> values;
  Word at_a_time{};  ///< empty: one round after the other
};

/// A workflow as it is written: nothing is known yet of its FIFOs.
struct Workflow {
  std::string file;
  std::map<std::string, std::string> variables;
  std::vector<JobLine> jobs;
  std::vector<EachLine> sections;
};

/// The text of a workflow file, "-" for standard input. Throws SystemError.
std::string read_workflow(const std::string& path);

/// Parses the text of mrf-workflow(5). `defines` (-D NAME=VALUE) win over the text's own values and have
/// to be known to it. Throws WorkflowError.
Workflow parse_workflow(const std::string& file, const std::string& text,
                        const std::map<std::string, std::string>& defines);

/// The words of -D NAME=VALUE, of the same names the last. Throws UsageError.
std::map<std::string, std::string> parse_defines(const std::vector<std::string>& words);

/// What is wrong with $name, and what to do.
std::string describe_missing_value(const std::string& name,
                                   const std::map<std::string, std::string>& variables);

/// True for a job's, a FIFO's or a variable's name: letters, digits, _ and - after a letter or _; without
/// the - where `plain` (variables).
bool is_name(const std::string& text, bool plain = false);

}  // namespace mrf::workflow
