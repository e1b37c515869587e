// SPDX-License-Identifier: MIT
#include "workflow/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/near_name.h"

namespace mrf::workflow {

namespace {

using Section = std::optional<std::size_t>;

template <typename Visit>
void for_each_fifo(PlannedJob& job, const Visit& visit) {
  for (auto* words : {&job.environment, &job.words}) {
    for (auto& word : *words) {
      for (auto& part : word) {
        if (is_fifo(part)) visit(part);
      }
    }
  }
  for (auto& redirection : job.redirections) {
    for (auto& part : redirection.target) {
      if (is_fifo(part)) visit(part);
    }
  }
}

struct FifoEnds {
  std::vector<std::size_t> writers;
  std::optional<std::size_t> reader;
  std::optional<std::size_t> reader_again;  // the same job of a section, a round later
  bool is_declared = false;                 // out:NAME!
  bool is_header_output = false;            // of a tool that closes it early
  bool has_no_reader() const { return !reader; }
  bool has_no_writer() const { return writers.empty(); }
};

std::string text_without_fifos(const Word& word) {
  std::string text;
  for (const auto& part : word) {
    if (!is_fifo(part)) text += part.text;
  }
  return text;
}

// The word is a FIFO behind --header-to of a tool that closes its header output as soon as the header is
// over.
bool is_header_output(const std::vector<Word>& words, std::size_t at) {
  if (at == 0 || !has_fifo(words[at])) return false;
  const std::string tool = text_without_fifos(words[0]);
  if (tool != "mrf-distribute" && tool != "mrf-chunks") return false;
  for (std::size_t before = 1; before < at; ++before) {
    if (text_without_fifos(words[before]) == "--") return false;
  }
  return text_without_fifos(words[at]) == "--header-to=" ||
         (text_without_fifos(words[at]).empty() && text_without_fifos(words[at - 1]) == "--header-to");
}

class Connector {
 public:
  explicit Connector(const Plan& plan) : plan_(plan) {}

  std::vector<PlannedFifo> connect() {
    for (std::size_t job = 0; job < plan_.jobs.size(); ++job) {
      for (const auto& variable : plan_.jobs[job].environment) visit(job, variable);
      const auto& words = plan_.jobs[job].words;
      for (std::size_t at = 0; at < words.size(); ++at) {
        visit(job, words[at]);
        if (is_header_output(words, at)) ends_[words[at].back().text].is_header_output = true;
      }
      for (const auto& redirection : plan_.jobs[job].redirections) visit(job, redirection.target);
    }
    std::vector<PlannedFifo> fifos;
    for (const auto& name : order_) {
      const FifoEnds& ends = ends_[name];
      if (ends.writers.empty()) {
        fail(*ends.reader,
             fmt::format("FIFO '{}' has no writer{}", name, near(name, "out:", &FifoEnds::has_no_reader)));
      }
      if (ends.reader_again) fail_two_readers(name, *ends.reader, *ends.reader_again);
      if (!ends.reader) {
        fail(ends.writers[0],
             fmt::format("FIFO '{}' has no reader{}", name, near(name, "in:", &FifoEnds::has_no_writer)));
      }
      const bool is_one = ends.writers.size() == 1;
      if (ends.is_declared && !is_one) {
        fail(ends.writers[0],
             fmt::format("FIFO '{}' is written by several rounds: its end is that of the last one", name));
      }
      if (!is_one && plan_.rounds_at_a_time[*plan_.jobs[ends.writers[0]].section] > 1) {
        fail(ends.writers[0],
             fmt::format("FIFO '{}' leads out of rounds that run side by side, whose data would mix: write a "
                         "result in each round, or leave 'by' out",
                         name));
      }
      fifos.push_back(
          {name, ends.writers, *ends.reader, ends.is_declared || (ends.is_header_output && is_one)});
    }
    return fifos;
  }

 private:
  [[noreturn]] void fail(std::size_t job, const std::string& reason) const {
    throw WorkflowError(plan_.file, plan_.jobs[job].line, reason);
  }

  void visit(std::size_t job, const Word& word) {
    for (const auto& part : word) {
      if (!is_fifo(part)) continue;
      const auto [entry, is_new] = ends_.try_emplace(part.text);
      if (is_new) order_.push_back(part.text);
      FifoEnds& ends = entry->second;
      if (part.kind == WordPart::Kind::in) {
        if (!ends.reader) {
          ends.reader = job;
        } else if (is_next_round(*ends.reader, job)) {
          ends.reader_again = job;
        } else {
          fail_two_readers(part.text, *ends.reader, job);
        }
      } else {
        if (!ends.writers.empty() && !is_next_round(ends.writers.back(), job))
          fail_twice(part.text, "writers", ends.writers.back(), job,
                     "mrf-collect makes one stream of two FIFOs");
        ends.writers.push_back(job);
        ends.is_declared = ends.is_declared || part.ends_at_close;
      }
    }
  }

  [[noreturn]] void fail_two_readers(const std::string& fifo, std::size_t one, std::size_t other) const {
    fail_twice(fifo, "readers", one, other, "tee(1) writes one stream to two FIFOs");
  }

  [[noreturn]] void fail_twice(const std::string& fifo, const char* ends, std::size_t one, std::size_t other,
                               const char* way) const {
    fail(other, fmt::format("FIFO '{}' has two {}: '{}' and '{}'; {}", fifo, ends,
                            plan_.jobs[one].display_name(), plan_.jobs[other].display_name(), way));
  }

  // The same job of a section, a round later.
  bool is_next_round(std::size_t one, std::size_t other) const {
    const PlannedJob& before = plan_.jobs[one];
    const PlannedJob& after = plan_.jobs[other];
    return before.section && before.section == after.section && before.name == after.name &&
           before.number == after.number && before.round < after.round;
  }

  bool is_job(const std::string& name) const {
    return std::any_of(plan_.jobs.begin(), plan_.jobs.end(),
                       [&name](const PlannedJob& job) { return job.name == name; });
  }

  // The name of a FIFO that lacks its other end, too, is the likeliest.
  std::string near(const std::string& name, const char* other_end, bool (FifoEnds::*lacks)() const) const {
    std::vector<std::string> lacking;
    for (const auto& [other, ends] : ends_) {
      if ((ends.*lacks)()) lacking.push_back(other);
    }
    std::string meant = base::did_you_mean(name, lacking);
    if (!meant.empty()) return meant;
    if (is_job(name)) return fmt::format("; '{}' is a job, with FIFOs of other names", name);
    meant = base::did_you_mean(name, order_);
    return meant.empty() ? fmt::format("; another job has to name {}{}", other_end, name) : meant;
  }

  const Plan& plan_;
  std::map<std::string, FifoEnds> ends_;
  std::vector<std::string> order_;
};

enum class Visit { unseen, open, done };

// Depth first, with a stack of its own: a chain may have any length.
std::optional<std::vector<std::size_t>> find_cycle(const std::vector<std::vector<std::size_t>>& next) {
  std::vector<Visit> visits(next.size(), Visit::unseen);
  for (std::size_t start = 0; start < next.size(); ++start) {
    if (visits[start] != Visit::unseen) continue;
    std::vector<std::pair<std::size_t, std::size_t>> path{{start, 0}};
    visits[start] = Visit::open;
    while (!path.empty()) {
      auto& [job, edge] = path.back();
      if (edge == next[job].size()) {
        visits[job] = Visit::done;
        path.pop_back();
        continue;
      }
      const std::size_t to = next[job][edge++];
      if (visits[to] == Visit::open) {
        std::vector<std::size_t> cycle;
        for (const auto& [on_path, unused] : path) {
          if (on_path == to || !cycle.empty()) cycle.push_back(on_path);
        }
        return cycle;
      }
      if (visits[to] == Visit::unseen) {
        visits[to] = Visit::open;
        path.emplace_back(to, 0);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

void give_rounds_their_fifos(Plan& plan) {
  std::map<std::string, std::set<Section>> writers;
  for (PlannedJob& job : plan.jobs) {
    for_each_fifo(job, [&](const WordPart& part) {
      if (part.kind == WordPart::Kind::out) writers[part.text].insert(job.section);
    });
  }
  std::map<Section, std::set<std::string>> inside;
  for (PlannedJob& job : plan.jobs) {
    if (!job.section) continue;
    for_each_fifo(job, [&](const WordPart& part) {
      if (part.kind != WordPart::Kind::in || !writers.contains(part.text)) return;
      if (!writers[part.text].contains(job.section)) {
        throw WorkflowError(plan.file, job.line,
                            fmt::format("FIFO '{}' is written outside of this [each]: its rounds would share "
                                        "it; write it inside, or read it outside",
                                        part.text));
      }
      inside[job.section].insert(part.text);
    });
  }
  for (PlannedJob& job : plan.jobs) {
    if (!job.section) continue;
    for_each_fifo(job, [&](WordPart& part) {
      if (inside[job.section].contains(part.text)) part.text += fmt::format("@{}", job.round);
    });
  }
}

std::vector<PlannedFifo> connect(const Plan& plan) { return Connector(plan).connect(); }

void check_acyclic(const Plan& plan) {
  std::vector<std::vector<std::size_t>> next(plan.jobs.size());
  for (const auto& fifo : plan.fifos) {
    for (const std::size_t writer : fifo.writers) next[writer].push_back(fifo.reader);
  }
  const auto cycle = find_cycle(next);
  if (!cycle) return;
  std::string names;
  for (const std::size_t job : *cycle) names += plan.jobs[job].display_name() + " -> ";
  names += plan.jobs[cycle->front()].display_name();
  throw WorkflowError(plan.file, plan.jobs[cycle->front()].line, fmt::format("a cycle of jobs: {}", names));
}

std::size_t first_in_flow(const Plan& plan, const std::vector<std::size_t>& jobs) {
  std::vector<bool> is_one(plan.jobs.size());
  for (const std::size_t job : jobs) is_one[job] = true;
  std::vector<std::vector<std::size_t>> readers(plan.jobs.size());
  std::vector<std::size_t> writers_left(plan.jobs.size());
  for (const PlannedFifo& fifo : plan.fifos) {
    for (const std::size_t writer : fifo.writers) {
      readers[writer].push_back(fifo.reader);
      ++writers_left[fifo.reader];
    }
  }
  // Sources first, then the jobs all of whose writers have had their turn (the graph has no cycle).
  std::vector<std::size_t> order;
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) {
    if (writers_left[job] == 0) order.push_back(job);
  }
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (is_one[order[at]]) return order[at];
    for (const std::size_t reader : readers[order[at]]) {
      if (--writers_left[reader] == 0) order.push_back(reader);
    }
  }
  return jobs.at(0);
}

}  // namespace mrf::workflow
