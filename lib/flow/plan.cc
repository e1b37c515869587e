// SPDX-License-Identifier: MIT
#include "flow/plan.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "flow/chunk_job.h"
#include "flow/expand.h"
#include "flow/graph.h"

namespace mrf {

namespace {

class Planner {
 public:
  explicit Planner(const Workflow& workflow) : workflow_(workflow) { plan_.file = workflow.file; }

  Plan plan() {
    if (workflow_.jobs.empty()) throw WorkflowError(workflow_.file, 1, "there is no job in it");
    for (const auto& job : workflow_.jobs) {
      if (!job.count.empty()) counts_.insert(job.count);
    }
    for (const auto& job : workflow_.jobs) {
      const Scope scope{{workflow_.file, job.line}, workflow_.variables, counts_, std::nullopt};
      if (!names_.insert(job.name).second) fail(job.line, fmt::format("job '{}' is there already", job.name));
      const int count = job.count.empty() ? 1 : count_of(job.count, scope);
      for (int number = 0; number < count; ++number) add_job(job, number);
    }
    plan_.fifos = connect(plan_);
    check_acyclic(plan_);
    return std::move(plan_);
  }

 private:
  [[noreturn]] void fail(int line, const std::string& reason) const {
    throw WorkflowError(workflow_.file, line, reason);
  }

  void add_job(const JobLine& line, int number) {
    Scope scope{{workflow_.file, line.line}, workflow_.variables, counts_, std::nullopt};
    if (!line.count.empty()) scope.number = number;
    PlannedJob job{line.name, scope.number, line.line, {}, {}};
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
    check_built_in(job);
    plan_.jobs.push_back(std::move(job));
  }

  void check_built_in(const PlannedJob& job) const {
    std::vector<std::string> words;
    for (const auto& word : job.words) {
      words.emplace_back();
      for (const auto& piece : word) words.back() += piece.text;
    }
    if (!is_chunk_command(words[0])) return;
    try {
      parse_chunk_command(words);
    } catch (const UsageError& error) {
      fail(job.line, error.what());
    }
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
      for (const auto& other : plan_.results) {
        if (other == word[at].text) fail(line, fmt::format("result '{}' is written twice", other));
      }
      plan_.results.push_back(word[at].text);
      word.resize(at + 1);
    }
    return word;
  }

  const Workflow& workflow_;
  Plan plan_;
  std::set<std::string> counts_;
  std::set<std::string> names_;
};

}  // namespace

std::string PlannedJob::display_name() const { return number ? fmt::format("{}[{}]", name, *number) : name; }

Plan make_plan(const Workflow& workflow) { return Planner(workflow).plan(); }

}  // namespace mrf
