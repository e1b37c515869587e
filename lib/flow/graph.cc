// SPDX-License-Identifier: MIT
#include "flow/graph.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace mrf {

namespace {

struct Ends {
  std::optional<std::size_t> writer;
  std::optional<std::size_t> reader;
};

class Connector {
 public:
  explicit Connector(const Plan& plan) : plan_(plan) {}

  std::vector<PlannedFifo> connect() {
    for (std::size_t job = 0; job < plan_.jobs.size(); ++job) {
      for (const auto& word : plan_.jobs[job].words) visit(job, word);
      for (const auto& redirection : plan_.jobs[job].redirections) visit(job, redirection.target);
    }
    std::vector<PlannedFifo> fifos;
    for (const auto& name : order_) {
      const Ends& ends = ends_[name];
      if (!ends.writer) fail(*ends.reader, fmt::format("FIFO '{}' has no writer", name));
      if (!ends.reader) fail(*ends.writer, fmt::format("FIFO '{}' has no reader", name));
      fifos.push_back({name, *ends.writer, *ends.reader});
    }
    return fifos;
  }

 private:
  [[noreturn]] void fail(std::size_t job, const std::string& reason) const {
    throw WorkflowError(plan_.file, plan_.jobs[job].line, reason);
  }

  void visit(std::size_t job, const Word& word) {
    for (const auto& piece : word) {
      if (!is_fifo(piece)) continue;
      const auto [entry, is_new] = ends_.try_emplace(piece.text);
      if (is_new) order_.push_back(piece.text);
      auto& end = piece.kind == Piece::Kind::in ? entry->second.reader : entry->second.writer;
      if (end) {
        fail(job, fmt::format("FIFO '{}' has two {}: '{}' and '{}'", piece.text,
                              piece.kind == Piece::Kind::in ? "readers" : "writers",
                              plan_.jobs[*end].display_name(), plan_.jobs[job].display_name()));
      }
      end = job;
    }
  }

  const Plan& plan_;
  std::map<std::string, Ends> ends_;
  std::vector<std::string> order_;
};

enum class Mark { unseen, open, done };

// Depth first, with a stack of its own: a chain may have any length.
std::optional<std::vector<std::size_t>> find_cycle(const std::vector<std::vector<std::size_t>>& next) {
  std::vector<Mark> marks(next.size(), Mark::unseen);
  for (std::size_t start = 0; start < next.size(); ++start) {
    if (marks[start] != Mark::unseen) continue;
    std::vector<std::pair<std::size_t, std::size_t>> path{{start, 0}};
    marks[start] = Mark::open;
    while (!path.empty()) {
      auto& [job, edge] = path.back();
      if (edge == next[job].size()) {
        marks[job] = Mark::done;
        path.pop_back();
        continue;
      }
      const std::size_t to = next[job][edge++];
      if (marks[to] == Mark::open) {
        std::vector<std::size_t> cycle;
        for (const auto& [on_path, unused] : path) {
          if (on_path == to || !cycle.empty()) cycle.push_back(on_path);
        }
        return cycle;
      }
      if (marks[to] == Mark::unseen) {
        marks[to] = Mark::open;
        path.emplace_back(to, 0);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<PlannedFifo> connect(const Plan& plan) { return Connector(plan).connect(); }

void check_acyclic(const Plan& plan) {
  std::vector<std::vector<std::size_t>> next(plan.jobs.size());
  for (const auto& fifo : plan.fifos) next[fifo.writer].push_back(fifo.reader);
  const auto cycle = find_cycle(next);
  if (!cycle) return;
  std::string names;
  for (const std::size_t job : *cycle) names += plan.jobs[job].display_name() + " -> ";
  names += plan.jobs[cycle->front()].display_name();
  throw WorkflowError(plan.file, plan.jobs[cycle->front()].line, fmt::format("a cycle of jobs: {}", names));
}

}  // namespace mrf
