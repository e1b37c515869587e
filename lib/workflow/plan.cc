// SPDX-License-Identifier: MIT
#include "workflow/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "io/result_place.h"
#include "workflow/expand.h"
#include "workflow/graph.h"
#include "workflow/section_fifos.h"

namespace mrf::workflow {

namespace {

class Planner {
 public:
  explicit Planner(const Workflow& workflow) : workflow_(workflow), variables_(workflow.variables) {
    plan_.file = workflow.file;
  }

  Plan plan() {
    if (workflow_.jobs.empty()) throw WorkflowError(workflow_.file, 1, "there is no job in it");
    for (const auto& job : workflow_.jobs) {
      if (!job.count.empty()) counts_.insert(job.count);
    }
    plan_.sections.resize(workflow_.sections.size());
    for (std::size_t at = 0; at < workflow_.jobs.size();) {
      const auto section = workflow_.jobs[at].section;
      std::size_t end = at + 1;
      while (section && end < workflow_.jobs.size() && workflow_.jobs[end].section == section) ++end;
      add_lines(at, end);
      at = end;
    }
    give_rounds_their_fifos(plan_);
    plan_.fifos = connect(plan_);
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
      if (!names_.insert(job.name).second) fail(job.line, fmt::format("job '{}' is there already", job.name));
    }
    const auto section = workflow_.jobs[begin].section;
    if (!section) {
      add_line(workflow_.jobs[begin], 0);
      return;
    }
    const EachLine& each = workflow_.sections[*section];
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
      for (const auto& word : expand_word(written, scope)) {
        if (has_reference(word))
          fail(each.line, "a value of [each] is a text: in:, out: and save: go into the jobs");
        values.push_back(word.empty() ? "" : word[0].text);
      }
    }
    return values;
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
    for (const auto& piece : target) {
      if (piece.kind == Piece::Kind::in && redirection.fd != 0) fail(line, "in: is for reading: < in:NAME");
      if (piece.kind == Piece::Kind::out && redirection.fd == 0)
        fail(line, "out: is for writing: > out:NAME");
      if (piece.kind == Piece::Kind::save && redirection.fd == 0)
        fail(line, "save: is for writing: > save:PATH");
    }
  }

  // Notes a word's result, whose name has to be its own.
  Word checked(Word word, int line) {
    for (std::size_t at = 0; at < word.size(); ++at) {
      if (word[at].kind != Piece::Kind::save) continue;
      word[at].text = at + 1 < word.size() ? word[at + 1].text : "";
      if (word[at].text.empty() || word[at].text.ends_with('/')) fail(line, "save: needs the path of a file");
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

std::vector<std::string> appended_results(const Plan& plan) {
  std::vector<std::string> paths;
  for (const auto& job : plan.jobs) {
    for (const auto& redirection : job.redirections) {
      if (!redirection.append) continue;
      for (const auto& piece : redirection.target) {
        if (piece.kind == Piece::Kind::save) paths.push_back(piece.text);
      }
    }
  }
  return paths;
}

}  // namespace mrf::workflow
