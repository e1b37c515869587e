// SPDX-License-Identifier: MIT
#include "workflow/workflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "base/near_name.h"
#include "base/status_list.h"
#include "io/reader.h"
#include "workflow/lexer.h"

namespace mrf::workflow {

namespace {

class Parser {
 public:
  Parser(std::string file, const std::map<std::string, std::string>& defines) : defines_(defines) {
    workflow_.file = std::move(file);
  }

  Workflow parse(std::string_view text) {
    for (const auto& line : logical_lines(text)) {
      place_ = {workflow_.file, line.number};
      if (line.text.find('\0') != std::string::npos) fail("there is a NUL byte in it");
      if (const auto content = trim(line.text); !content.empty()) statement(content);
    }
    if (in_section_) {
      place_.line = workflow_.sections.back().line;
      fail("[each] has no [end]: write it behind the jobs of the section");
    }
    for (const auto& [name, value] : defines_) define(name, value);
    return std::move(workflow_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw WorkflowError(place_.file, place_.line, reason);
  }

  [[noreturn]] void fail_name(const std::string& name, const char* what) const {
    const bool is_variable = what == std::string_view("a variable");
    fail(fmt::format("'{}' is no name for {}: it takes letters, digits and {}, and no digit in front", name,
                     what, is_variable ? "_" : "_-"));
  }

  void statement(std::string_view text) {
    if (text.starts_with('[')) {
      section(text);
      return;
    }
    const auto end = text.find_first_of(":=");
    if (end == std::string_view::npos)
      fail("neither 'name: command' nor 'name = value'; \\ at the end of a line continues it");
    const auto head = trim(text.substr(0, end));
    const auto rest = trim(text.substr(end + 1));
    if (text[end] == '=') {
      assignment(std::string(head), rest);
    } else {
      job(head, rest);
    }
  }

  void section(std::string_view text) {
    const std::string_view inner = text.ends_with(']') ? trim(text.substr(1, text.size() - 2)) : "";
    if (inner == "end") {
      end_section();
    } else if (inner == "each" || inner.starts_with("each ") || inner.starts_with("each\t")) {
      begin_section(trim(inner.substr(4)));
    } else {
      fail(fmt::format("'{}' is neither [each NAME in VALUE ...] nor [end]", text));
    }
  }

  void begin_section(std::string_view text) {
    if (in_section_)
      fail(fmt::format("[each] stands inside that of line {}: write [end] in front of it",
                       workflow_.sections.back().line));
    EachLine each{std::string(text.substr(0, text.find_first_of(" \t"))), place_.line, {}, {}};
    if (!is_name(each.variable, true)) fail_name(each.variable, "a variable");
    if (assigned_.contains(each.variable) || defines_.contains(each.variable))
      fail(fmt::format("variable '{}' has a value already", each.variable));
    auto [words, redirections] = split_command(place_, text.substr(each.variable.size()));
    const bool has_in = !words.empty() && words[0].size() == 1 && words[0][0].text == "in";
    if (!has_in || words.size() < 2 || !redirections.empty()) fail("not [each NAME in VALUE ...]");
    words.erase(words.begin());
    for (const auto& word : words) mention(word);
    if (words.size() > 2 && is_plain_text(words[words.size() - 2], "by")) {
      each.at_a_time = std::move(words.back());
      words.resize(words.size() - 2);
    }
    each.values = std::move(words);
    workflow_.sections.push_back(std::move(each));
    in_section_ = true;
  }

  static bool is_plain_text(const Word& word, std::string_view text) {
    return word.size() == 1 && word[0].kind == WordPart::Kind::text && !word[0].quoted &&
           word[0].text == text;
  }

  void end_section() {
    if (!in_section_) fail("[end] has no [each] in front of it");
    in_section_ = false;
    if (workflow_.jobs.empty() || workflow_.jobs.back().section != workflow_.sections.size() - 1)
      fail("there is no job between [each] and [end]");
  }

  void define(const std::string& name, const std::string& value) {
    if (!mentioned_.contains(name)) {
      throw WorkflowError(workflow_.file, 1,
                          fmt::format("variable '{}' of -D is not used here{}", name,
                                      base::did_you_mean(name, {mentioned_.begin(), mentioned_.end()})));
    }
    workflow_.variables[name] = value;
  }

  void assignment(const std::string& name, std::string_view text) {
    if (in_section_) fail("a variable gets its value outside of [each]: write this line in front of it");
    if (!is_name(name, true)) fail_name(name, "a variable");
    const bool is_of_section = std::any_of(workflow_.sections.begin(), workflow_.sections.end(),
                                           [&name](const EachLine& each) { return each.variable == name; });
    if (!assigned_.insert(name).second || is_of_section)
      fail(fmt::format("variable '{}' has a value already", name));
    std::string value;
    for (const auto& part : split_value(place_, text)) {
      value += part.kind == WordPart::Kind::variable ? value_of(part.text) : part.text;
    }
    mentioned_.insert(name);
    workflow_.variables[name] = value;
  }

  std::string value_of(const std::string& name) {
    mentioned_.insert(name);
    if (const auto define = defines_.find(name); define != defines_.end()) return define->second;
    const auto known = workflow_.variables.find(name);
    if (known == workflow_.variables.end()) fail(describe_missing_value(name, workflow_.variables));
    return known->second;
  }

  // "name[n] ok 0,1": what stands in front of the " ok ".
  std::string_view take_statuses(std::string_view head, JobLine& job) const {
    const auto blank =
        head.find_first_of(" \t", head.find(']') == std::string_view::npos ? 0 : head.find(']'));
    if (blank == std::string_view::npos) return head;
    const auto words = trim(head.substr(blank));
    if (!words.starts_with("ok ") && !words.starts_with("ok\t")) return head;
    try {
      job.ok_statuses = base::parse_statuses(trim(words.substr(3)));
    } catch (const std::invalid_argument&) {
      fail(fmt::format("'{}' is no list of exit statuses: write 'ok 0,1'", trim(words.substr(3))));
    }
    return head.substr(0, blank);
  }

  void job(std::string_view head, std::string_view text) {
    JobLine job;
    head = take_statuses(head, job);
    const auto bracket = head.find('[');
    job.name = trim(head.substr(0, bracket));
    job.line = place_.line;
    if (in_section_) job.section = workflow_.sections.size() - 1;
    if (!is_name(job.name)) fail_name(job.name, "a job");
    if (bracket != std::string_view::npos) {
      if (head.ends_with(']')) job.count = trim(head.substr(bracket + 1, head.size() - bracket - 2));
      if (job.count.empty()) fail_name(std::string(head), "a job");
      if (job.count == "i") fail("[i] is a job's own number: the number of jobs needs another name");
      mentioned_.insert(job.count);
    }
    auto [words, redirections] = split_command(place_, text);
    for (const auto& word : words) mention(word);
    const auto command = std::find_if_not(words.begin(), words.end(), is_assignment);
    job.environment.assign(words.begin(), command);
    words.erase(words.begin(), command);
    if (words.empty()) fail(fmt::format("job '{}' has no command: write it behind the colon", job.name));
    for (const auto& redirection : redirections) mention(redirection.target);
    job.words = std::move(words);
    job.redirections = std::move(redirections);
    workflow_.jobs.push_back(std::move(job));
  }

  // "NAME=VALUE", as in sh: the name and its = are not quoted.
  static bool is_assignment(const Word& word) {
    if (word.empty() || word[0].kind != WordPart::Kind::text || word[0].quoted) return false;
    const auto equals = word[0].text.find('=');
    return equals != std::string::npos && is_name(word[0].text.substr(0, equals), true);
  }

  void mention(const Word& word) {
    for (const auto& part : word) {
      if (part.kind != WordPart::Kind::text) mentioned_.insert(part.text);
    }
  }

  const std::map<std::string, std::string>& defines_;
  Workflow workflow_;
  Place place_;
  bool in_section_ = false;
  std::set<std::string> assigned_;
  std::set<std::string> mentioned_;
};

}  // namespace

WorkflowError::WorkflowError(const std::string& file, int line, const std::string& reason)
    : base::UsageError("read", file, reason), text_(fmt::format("{}:{}: {}", file, line, reason)) {}

std::string describe_missing_value(const std::string& name,
                                   const std::map<std::string, std::string>& variables) {
  std::string way = base::did_you_mean(name, base::keys_of(variables));
  if (way.empty()) way = fmt::format("; -D {}=VALUE, or a line '{} = VALUE', gives it one", name, name);
  return fmt::format("variable '{}' has no value{}", name, way);
}

std::string text_of(const WordPart& part) {
  switch (part.kind) {
    case WordPart::Kind::in:
      return "in:" + part.text;
    case WordPart::Kind::out:
      return "out:" + part.text + (part.ends_at_close ? "!" : "");
    case WordPart::Kind::save:
      return "save:" + part.text;
    default:
      return part.text;
  }
}

std::string text_of(const Word& word) {
  std::string text;
  for (const WordPart& part : word) text += text_of(part);
  return text;
}

bool is_name(const std::string& text, bool plain) {
  const auto letter = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto other = [plain](char c) { return (c >= '0' && c <= '9') || (!plain && c == '-'); };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || other(c); });
}

std::map<std::string, std::string> parse_defines(const std::vector<std::string>& words) {
  std::map<std::string, std::string> defines;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || !is_name(word.substr(0, equals), true)) {
      throw base::UsageError("use option", "-D " + word, "not NAME=VALUE");
    }
    defines[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return defines;
}

std::string read_workflow(const std::string& path) {
  io::Meter meter;
  io::Reader reader(io::open_input(path), meter);
  while (reader.more()) {
  }
  return std::string(reader.view());
}

Workflow parse_workflow(const std::string& file, const std::string& text,
                        const std::map<std::string, std::string>& defines) {
  return Parser(file, defines).parse(text);
}

}  // namespace mrf::workflow
