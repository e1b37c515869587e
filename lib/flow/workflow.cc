// SPDX-License-Identifier: MIT
#include "flow/workflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "flow/lexer.h"

namespace mrf {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

struct LogicalLine {
  int number = 0;
  std::string text;
};

bool ends_with_continuation(std::string_view line) {
  const auto last = line.find_last_not_of('\\');
  const auto backslashes = line.size() - (last == std::string_view::npos ? 0 : last + 1);
  return backslashes % 2 == 1;
}

// A backslash at the end continues a line; a comment line continues none.
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

class Parser {
 public:
  Parser(std::string file, const std::map<std::string, std::string>& defines) : defines_(defines) {
    workflow_.file = std::move(file);
  }

  Workflow parse(std::string_view text) {
    for (const auto& line : logical_lines(text)) {
      place_ = {workflow_.file, line.number};
      const auto content = trim(without_comment(line.text));
      if (!content.empty()) statement(content);
    }
    for (const auto& [name, value] : defines_) {
      if (!mentioned_.contains(name)) {
        throw WorkflowError(workflow_.file, 1, fmt::format("variable '{}' of -D is not used here", name));
      }
      workflow_.variables[name] = value;
    }
    return std::move(workflow_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw WorkflowError(place_.file, place_.line, reason);
  }

  void statement(std::string_view text) {
    if (text.starts_with("[each") || text.starts_with("[end")) fail("[each] sections are not supported");
    const auto end = text.find_first_of(":=");
    if (end == std::string_view::npos) fail("neither 'name: command' nor 'name = value'");
    const auto head = trim(text.substr(0, end));
    const auto rest = trim(text.substr(end + 1));
    if (text[end] == '=') {
      assignment(std::string(head), rest);
    } else {
      job(head, rest);
    }
  }

  void assignment(const std::string& name, std::string_view text) {
    if (!is_name(name, true)) fail(fmt::format("'{}' is no name for a variable", name));
    if (!assigned_.insert(name).second) fail(fmt::format("variable '{}' has a value already", name));
    std::string value;
    for (const auto& piece : split_value(place_, text)) {
      value += piece.kind == Piece::Kind::variable ? value_of(piece.text) : piece.text;
    }
    mentioned_.insert(name);
    workflow_.variables[name] = value;
  }

  std::string value_of(const std::string& name) {
    mentioned_.insert(name);
    if (const auto define = defines_.find(name); define != defines_.end()) return define->second;
    const auto known = workflow_.variables.find(name);
    if (known == workflow_.variables.end()) fail(fmt::format("variable '{}' has no value", name));
    return known->second;
  }

  void job(std::string_view head, std::string_view text) {
    JobLine job;
    const auto bracket = head.find('[');
    job.name = trim(head.substr(0, bracket));
    job.line = place_.line;
    if (!is_name(job.name)) fail(fmt::format("'{}' is no name for a job", job.name));
    if (bracket != std::string_view::npos) {
      if (!head.ends_with(']')) fail(fmt::format("'{}' is no name for a job", head));
      job.count = trim(head.substr(bracket + 1, head.size() - bracket - 2));
      if (job.count == "i") fail("[i] is a job's own number: the number of jobs needs another name");
      mentioned_.insert(job.count);
    }
    auto [words, redirections] = split_command(place_, text);
    if (words.empty()) fail(fmt::format("job '{}' has no command", job.name));
    for (const auto& word : words) mention(word);
    for (const auto& redirection : redirections) mention(redirection.target);
    job.words = std::move(words);
    job.redirections = std::move(redirections);
    workflow_.jobs.push_back(std::move(job));
  }

  void mention(const Word& word) {
    for (const auto& piece : word) {
      if (piece.kind != Piece::Kind::text) mentioned_.insert(piece.text);
    }
  }

  const std::map<std::string, std::string>& defines_;
  Workflow workflow_;
  Place place_;
  std::set<std::string> assigned_;
  std::set<std::string> mentioned_;
};

}  // namespace

WorkflowError::WorkflowError(const std::string& file, int line, const std::string& reason)
    : UsageError("read", file, reason), text_(fmt::format("{}:{}: {}", file, line, reason)) {}

bool is_name(const std::string& text, bool plain) {
  const auto letter = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto other = [plain](char c) { return (c >= '0' && c <= '9') || (!plain && c == '-'); };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || other(c); });
}

Workflow parse_workflow(const std::string& file, const std::string& text,
                        const std::map<std::string, std::string>& defines) {
  return Parser(file, defines).parse(text);
}

}  // namespace mrf
