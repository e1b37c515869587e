// SPDX-License-Identifier: MIT
#include "workflow/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/near_name.h"
#include "io/paths.h"
#include "workflow/graph.h"
#include "workflow/lexer.h"

namespace mrf::workflow {

namespace {

// The variables and numbers that the words of one job are expanded with.
struct Scope {
  Place place;
  const std::map<std::string, std::string>& variables;
  const std::set<std::string>& counts;  // the names between the brackets of all job arrays
  std::optional<int> number;            // the job's own number
};

constexpr int most_jobs = 100000;

[[noreturn]] void fail(const Scope& scope, const std::string& reason) {
  throw WorkflowError(scope.place.file, scope.place.line, reason);
}

const std::string& value_of(const std::string& name, const Scope& scope) {
  const auto found = scope.variables.find(name);
  if (found == scope.variables.end()) {
    fail(scope, describe_missing_value(name, scope.variables));
  }
  return found->second;
}

struct Reference {
  std::string_view prefix;
  WordPart::Kind kind;
};
constexpr std::array references{Reference{"in:", WordPart::Kind::in}, Reference{"out:", WordPart::Kind::out},
                                Reference{"save:", WordPart::Kind::save}};

// Splits the part `at` at `start`, if a reference begins there.
std::optional<Word> split_reference(const Word& word, std::size_t at, std::size_t start) {
  const std::string& text = word[at].text;
  for (const auto& [prefix, kind] : references) {
    if (text.compare(start, prefix.size(), prefix) != 0) continue;
    Word split(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(at));
    if (start > 0) split.push_back({WordPart::Kind::text, text.substr(0, start), false});
    split.push_back({kind, "", false});
    const auto rest = text.substr(start + prefix.size());
    if (!rest.empty()) split.push_back({WordPart::Kind::text, rest, false});
    split.insert(split.end(), word.begin() + static_cast<std::ptrdiff_t>(at) + 1, word.end());
    return split;
  }
  return std::nullopt;
}

bool is_plain(const WordPart& part) { return part.kind == WordPart::Kind::text && !part.quoted; }

// Splits "in:" and so on off the start of the word, or off what follows its first = outside quotes.
Word with_reference(const Word& word) {
  if (word.empty()) return word;
  if (is_plain(word[0])) {
    if (auto split = split_reference(word, 0, 0)) return *split;
  }
  for (std::size_t at = 0; at < word.size(); ++at) {
    const auto equals = is_plain(word[at]) ? word[at].text.find('=') : std::string::npos;
    if (equals != std::string::npos) return split_reference(word, at, equals + 1).value_or(word);
  }
  return word;
}

bool is_number(const std::string& name, const Scope& scope) {
  return name == "i" && scope.number.has_value();
}

// The name in the word's [name] that stands for all numbers, empty if there is none.
std::string array_index(const Word& word, const Scope& scope) {
  bool fifo = false;
  bool saved = false;
  std::string array;
  for (const auto& part : word) {
    fifo = fifo || is_fifo(part);
    saved = saved || part.kind == WordPart::Kind::save;
    if (part.kind != WordPart::Kind::index || is_number(part.text, scope)) continue;
    if (fifo && part.text == "i")
      fail(scope, "[i] stands in a job that is not one of many: write 'NAME[n]: ...' for n of them");
    if (!fifo && !scope.counts.contains(part.text) && !(saved && scope.variables.contains(part.text)))
      continue;
    if (!array.empty() && array != part.text)
      fail(scope,
           fmt::format("[{}] and [{}] stand in one word, which counts with one of them", array, part.text));
    array = part.text;
  }
  return array;
}

// Everything but in, out and save becomes text. In a FIFO's name numbers keep their brackets.
Word resolve(const Word& word, const Scope& scope, const std::string& array, int element) {
  Word result;
  bool fifo = false;
  const auto add = [&result](const std::string& text) {
    if (result.empty() || result.back().kind != WordPart::Kind::text)
      result.push_back({WordPart::Kind::text, "", true});
    result.back().text += text;
  };
  for (const auto& part : word) {
    fifo = fifo || is_fifo(part);
    if (part.kind == WordPart::Kind::variable) {
      add(value_of(part.text, scope));
    } else if (part.kind == WordPart::Kind::index) {
      const bool own = is_number(part.text, scope);
      if (own || (!array.empty() && part.text == array)) {
        const std::string number = std::to_string(own ? *scope.number : element);
        add(fifo ? fmt::format("[{}]", number) : number);
      } else {
        add(fmt::format("[{}]", part.text));
      }
    } else if (part.kind == WordPart::Kind::text) {
      add(part.text);
    } else {
      result.push_back(part);
    }
  }
  return result;
}

bool is_fifo_name(const std::string& name) {
  const auto bracket = name.find('[');
  if (bracket == std::string::npos) return is_name(name);
  const auto digits = std::string_view(name).substr(bracket + 1);
  return is_name(name.substr(0, bracket)) && digits.size() >= 2 && digits.back() == ']' &&
         digits.find_first_not_of("0123456789") == digits.size() - 1;
}

// The text behind in: or out: is the FIFO's name and becomes part of that part.
Word with_fifo_name(Word word, const Scope& scope) {
  for (std::size_t at = 0; at < word.size(); ++at) {
    WordPart& part = word[at];
    if (!is_fifo(part)) continue;
    part.text = at + 1 < word.size() ? word[at + 1].text : "";
    if (part.kind == WordPart::Kind::out && part.text.ends_with('!')) {
      part.text.pop_back();
      part.ends_at_close = true;
    }
    if (!is_fifo_name(part.text)) {
      fail(scope, fmt::format("'{}{}' does not name a FIFO",
                              part.kind == WordPart::Kind::in ? "in:" : "out:", part.text));
    }
    word.resize(at + 1);
  }
  return word;
}

// The size of a job array, from a number or a variable's value.
int count_of(const std::string& count, const Scope& scope) {
  const bool literal = !is_name(count, true);
  const std::string& text = literal ? count : value_of(count, scope);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > most_jobs) {
    fail(scope, fmt::format("'{}' is no number of jobs (1 to {})", text, most_jobs));
  }
  return number;
}

// The words that one written word stands for: variables and numbers put in, in:, out: and save: recognised at
// its start (and behind its first =). A [n] makes n words.
std::vector<Word> expand_word(const Word& word, const Scope& scope) {
  const Word marked = with_reference(word);
  const std::string array = array_index(marked, scope);
  std::vector<Word> words;
  const int count = array.empty() ? 1 : count_of(array, scope);
  words.reserve(static_cast<std::size_t>(count));
  for (int element = 0; element < count; ++element) {
    words.push_back(with_fifo_name(resolve(marked, scope, array, element), scope));
  }
  return words;
}

class Planner {
 public:
  explicit Planner(const Workflow& workflow) : workflow_(workflow), variables_(workflow.variables) {
    plan_.file = workflow.file;
  }

  Plan plan() {
    if (workflow_.jobs.empty())
      throw WorkflowError(workflow_.file, 1, "there is no job in it: write 'NAME: COMMAND' for each");
    for (const auto& job : workflow_.jobs) {
      if (!job.count.empty()) counts_.insert(job.count);
    }
    plan_.sections.resize(workflow_.sections.size());
    plan_.rounds_at_a_time.resize(workflow_.sections.size(), 1);
    for (std::size_t at = 0; at < workflow_.jobs.size();) {
      const auto section = workflow_.jobs[at].section;
      std::size_t end = at + 1;
      while (section && end < workflow_.jobs.size() && workflow_.jobs[end].section == section) ++end;
      add_lines(at, end);
      at = end;
    }
    give_rounds_their_fifos(plan_);
    plan_.fifos = connect(plan_);
    for (std::size_t fifo = 0; fifo < plan_.fifos.size(); ++fifo) {
      plan_.jobs[plan_.fifos[fifo].reader].reads.push_back(fifo);
      for (const std::size_t writer : plan_.fifos[fifo].writers) plan_.jobs[writer].writes.push_back(fifo);
    }
    check_acyclic(plan_);
    return std::move(plan_);
  }

 private:
  [[noreturn]] void fail(int line, const std::string& reason) const {
    throw WorkflowError(workflow_.file, line, reason);
  }

  // One line, or those of a section.
  void add_lines(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; ++at) {
      const JobLine& job = workflow_.jobs[at];
      if (!names_.insert(job.name).second)
        fail(job.line, fmt::format("job '{}' is there already: give this one another name", job.name));
    }
    const auto section = workflow_.jobs[begin].section;
    if (!section) {
      add_line(workflow_.jobs[begin], 0);
      return;
    }
    const EachLine& each = workflow_.sections[*section];
    plan_.rounds_at_a_time[*section] = rounds_at_a_time(each);
    for (const auto& value : values_of(each)) {
      variables_[each.variable] = value;
      const auto round = static_cast<int>(plan_.sections[*section].size());
      const std::size_t first = plan_.jobs.size();
      for (std::size_t at = begin; at < end; ++at) add_line(workflow_.jobs[at], round);
      auto& jobs = plan_.sections[*section].emplace_back(plan_.jobs.size() - first);
      std::iota(jobs.begin(), jobs.end(), first);
    }
    variables_.erase(each.variable);
  }

  std::vector<std::string> values_of(const EachLine& each) const {
    const Scope scope{{workflow_.file, each.line}, variables_, counts_, std::nullopt};
    std::vector<std::string> values;
    for (const auto& written : each.values) {
      if (is_list(written)) {
        add_blank_separated(value_of(written[0].text, scope), values);
        continue;
      }
      for (const auto& word : expand_word(written, scope)) {
        if (has_reference(word))
          fail(each.line, "a value of [each] is a text: in:, out: and save: go into the jobs");
        values.push_back(word.empty() ? "" : word[0].text);
      }
    }
    if (values.empty()) fail(each.line, "[each] has no value: its list is empty");
    return values;
  }

  // A variable alone and without quotes.
  static bool is_list(const Word& word) {
    return word.size() == 1 && word[0].kind == WordPart::Kind::variable && !word[0].quoted;
  }

  static void add_blank_separated(const std::string& list, std::vector<std::string>& values) {
    constexpr const char* list_blanks = " \t\n";
    for (std::size_t at = list.find_first_not_of(list_blanks); at != std::string::npos;) {
      const std::size_t end = std::min(list.find_first_of(list_blanks, at), list.size());
      values.push_back(list.substr(at, end - at));
      at = list.find_first_not_of(list_blanks, end);
    }
  }

  std::size_t rounds_at_a_time(const EachLine& each) const {
    if (each.at_a_time.empty()) return 1;
    const Scope scope{{workflow_.file, each.line}, variables_, counts_, std::nullopt};
    const auto words = expand_word(each.at_a_time, scope);
    const std::string text = words.size() == 1 && words[0].size() == 1 ? words[0][0].text : "";
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 1)
      fail(each.line, fmt::format("'by {}' is no number of rounds that run side by side", text));
    return number;
  }

  void add_line(const JobLine& line, int round) {
    const Scope scope{{workflow_.file, line.line}, variables_, counts_, std::nullopt};
    const int count = line.count.empty() ? 1 : count_of(line.count, scope);
    for (int number = 0; number < count; ++number) {
      add_job(line, round, number);
      plan_.jobs.back().count = count;
    }
  }

  void add_job(const JobLine& line, int round, int number) {
    Scope scope{{workflow_.file, line.line}, variables_, counts_, std::nullopt};
    if (!line.count.empty()) scope.number = number;
    PlannedJob job{line.name, scope.number, line.section, round, line.line, line.ok_statuses, 1, {}, {}};
    for (const auto& word : line.words) {
      for (auto& one : expand_word(word, scope)) job.words.push_back(checked(std::move(one), line.line));
    }
    for (const auto& word : line.environment) {
      auto variables = expand_word(word, scope);
      if (variables.size() != 1) fail(line.line, "a variable of the environment has one value only");
      job.environment.push_back(checked(std::move(variables[0]), line.line));
    }
    for (const auto& redirection : line.redirections) {
      auto targets = expand_word(redirection.target, scope);
      if (targets.size() != 1) fail(line.line, "a redirection goes to one file only");
      check_direction(redirection, targets[0], line.line);
      job.redirections.push_back(
          {redirection.fd, redirection.append, checked(std::move(targets[0]), line.line)});
    }
    plan_.jobs.push_back(std::move(job));
  }

  void check_direction(const Redirection& redirection, const Word& target, int line) const {
    for (const auto& part : target) {
      if (part.kind == WordPart::Kind::in && redirection.fd != 0) fail(line, "in: is for reading: < in:NAME");
      if (part.kind == WordPart::Kind::out && redirection.fd == 0)
        fail(line, "out: is for writing: > out:NAME");
      if (part.kind == WordPart::Kind::save && redirection.fd == 0)
        fail(line, "save: is for writing: > save:PATH");
    }
  }

  // Notes the result that a word names. Throws for a save: without a file, and for a result that another word
  // names.
  Word checked(Word word, int line) {
    for (std::size_t at = 0; at < word.size(); ++at) {
      if (word[at].kind != WordPart::Kind::save) continue;
      word[at].text = at + 1 < word.size() ? word[at + 1].text : "";
      if (word[at].text.empty() || word[at].text == "-") fail(line, "save: needs the path of a file");
      if (word[at].text.ends_with('/')) throw base::SystemError("open", word[at].text, EISDIR);
      add_result(word[at].text, line);
      word.resize(at + 1);
    }
    return word;
  }

  void add_result(const std::string& path, int line) {
    const auto [other, is_new] = places_.try_emplace(io::place_written(path), path);
    if (!is_new) {
      const std::string same =
          other->second == path ? "" : fmt::format(": '{}' is the same file", other->second);
      fail(line, fmt::format("result '{}' is written twice{}", path, same));
    }
    plan_.results.push_back(path);
  }

  const Workflow& workflow_;
  std::map<std::string, std::string> variables_;
  std::map<std::string, std::string> places_;  // of the results
  Plan plan_;
  std::set<std::string> counts_;
  std::set<std::string> names_;
};

}  // namespace

std::string PlannedJob::name_in_round() const { return number ? fmt::format("{}[{}]", name, *number) : name; }

std::string PlannedJob::display_name() const {
  return section ? fmt::format("{}@{}", name_in_round(), round) : name_in_round();
}

bool is_side_table(const PlannedJob& job, const std::string& fifo) {
  const auto names_it = [&fifo](const Word& word) {
    return std::any_of(word.begin(), word.end(),
                       [&fifo](const WordPart& part) { return is_fifo(part) && part.text == fifo; });
  };
  for (std::size_t at = 1; at < job.words.size(); ++at) {
    const Word& option = job.words[at - 1];
    if (names_it(job.words[at]) && option.size() == 1 && option[0].text == "--side") return true;
  }
  return std::any_of(job.environment.begin(), job.environment.end(), names_it);
}

std::string command_name(const std::vector<std::string>& words) {
  constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
  const bool has_command =
      words.size() > 1 && !words[1].empty() && words[1].find_first_not_of(lower) == std::string::npos;
  return has_command ? words[0] + " " + words[1] : words[0];
}

std::string command_name(const PlannedJob& job) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < std::min<std::size_t>(job.words.size(), 2); ++at)
    words.push_back(job.words[at].size() == 1 ? job.words[at][0].text : "");
  return command_name(words);
}

std::string fifo_file_name(const std::string& fifo) {
  std::string name = fifo;
  std::replace(name.begin(), name.end(), '[', '.');
  std::erase(name, ']');
  return name;
}

std::string writer_name(const Plan& plan, const PlannedFifo& fifo) {
  const PlannedJob& writer = plan.jobs[fifo.writers[0]];
  return fifo.writers.size() == 1 ? writer.display_name() : writer.name_in_round();
}

Plan make_plan(const Workflow& workflow) { return Planner(workflow).plan(); }

namespace {

// The text of a word without FIFO and result; empty for others.
std::string plain_text(const Word& word) {
  if (has_reference(word)) return "";
  std::string text;
  for (const WordPart& part : word) text += part.text;
  return text;
}

// The values of options of the project's programs that name what is read.
bool takes_input(const std::string& option) {
  return option == "-i" || option == "--input" || option == "--mate";
}

// Whether the last word is an argument and not the value of the word before it: of mrf-bamread, whose options
// with one letter take a value but for these.
bool is_argument(const std::string& before) {
  return !before.starts_with("-") || before.starts_with("--") || before == "-u" || before == "-H";
}

}  // namespace

std::vector<std::string> inputs_of(const PlannedJob& job) {
  std::vector<std::string> inputs;
  const auto add = [&inputs](const std::string& text) {
    if (!text.empty()) inputs.push_back(text);
  };
  for (const Redirection& redirection : job.redirections) {
    if (redirection.fd == 0) add(plain_text(redirection.target));
  }
  const std::string tool = job.words.empty() ? "" : plain_text(job.words[0]);
  std::vector<std::string> words;
  for (const Word& word : job.words) {
    words.push_back(plain_text(word));
    if (words.back() == "--") break;
  }
  if (tool == "mrf-bamread" && words.size() > 1 && !words.back().starts_with("-") &&
      (words.size() == 2 || is_argument(words[words.size() - 2])))
    add(words.back());
  if (tool == "getm-fetch") {
    for (const std::string& word : words) {
      if (word.find("://") != std::string::npos) add(word);
    }
  }
  if (!tool.starts_with("mrf-")) return inputs;
  for (std::size_t at = 1; at + 1 < words.size(); ++at) {
    if (takes_input(words[at]) && words[at + 1] != "-") add(words[at + 1]);
  }
  return inputs;
}

std::vector<std::string> results_of(const PlannedJob& job) {
  std::vector<std::string> results;
  const auto add = [&results](const Word& word) {
    for (const WordPart& part : word) {
      if (part.kind == WordPart::Kind::save) results.push_back(part.text);
    }
  };
  for (const Word& word : job.words) add(word);
  for (const Redirection& redirection : job.redirections) add(redirection.target);
  for (const Word& variable : job.environment) add(variable);
  return results;
}

bool writes_one_stream(const Plan& plan, std::size_t at) {
  const PlannedJob& job = plan.jobs[at];
  const auto is_result = [](const WordPart& part) { return part.kind == WordPart::Kind::save; };
  const auto has_result = [&](const Word& word) { return std::any_of(word.begin(), word.end(), is_result); };
  const bool has_results =
      std::any_of(job.words.begin(), job.words.end(), has_result) ||
      std::any_of(job.environment.begin(), job.environment.end(), has_result) ||
      std::any_of(job.redirections.begin(), job.redirections.end(),
                  [&](const Redirection& one) { return one.fd != 2 && has_result(one.target); });
  const auto streams = std::count_if(job.writes.begin(), job.writes.end(),
                                     [&](std::size_t fifo) { return !plan.fifos[fifo].ends_at_close; });
  return !has_results && streams <= 1;
}

namespace {

bool is_word(const Word& word, std::string_view text) {
  return word.size() == 1 && word[0].kind == WordPart::Kind::text && word[0].text == text;
}

}  // namespace

bool spools(const PlannedJob& job) {
  const auto is_spool = [](const Word& word) { return is_word(word, "--spool"); };
  return is_word(job.words[0], "mrf-collect") && std::any_of(job.words.begin(), job.words.end(), is_spool);
}

bool writes_records(const PlannedJob& job) { return is_word(job.words[0], "mrf-distribute") || spools(job); }

void set_outputs(Plan& plan, const std::vector<std::string>& outputs) {
  plan.outputs = outputs.empty() ? std::vector<std::string>{"-"} : outputs;
  std::stable_partition(plan.results.begin(), plan.results.end(), [&outputs](const std::string& result) {
    return std::find(outputs.begin(), outputs.end(), result) != outputs.end();
  });
}

std::vector<std::string> appended_results(const Plan& plan) {
  std::vector<std::string> paths;
  for (const auto& job : plan.jobs) {
    for (const auto& redirection : job.redirections) {
      if (!redirection.append) continue;
      for (const auto& part : redirection.target) {
        if (part.kind == WordPart::Kind::save) paths.push_back(part.text);
      }
    }
  }
  return paths;
}

}  // namespace mrf::workflow
