// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "workflow/renderings.h"

namespace mrf::workflow {

namespace {

std::string dot_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

void add_result(std::string& text, std::size_t job, const Word& word, std::size_t& results) {
  for (const auto& piece : word) {
    if (piece.kind != Piece::Kind::save) continue;
    text += fmt::format("  result{} [shape=note, label={}];\n  job{} -> result{};\n", results,
                        dot_string(piece.text), job, results);
    ++results;
  }
}

}  // namespace

std::string dot_text(const Plan& plan) {
  std::string text =
      fmt::format("digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n", dot_string(plan.file));
  std::size_t results = 0;
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    const PlannedJob& job = plan.jobs[at];
    text += fmt::format("  job{} [label={}];\n", at, dot_string(job.display_name()));
    for (const auto& word : job.words) add_result(text, at, word, results);
    for (const auto& redirection : job.redirections) add_result(text, at, redirection.target, results);
  }
  for (const auto& fifo : plan.fifos) {
    for (const std::size_t writer : fifo.writers) {
      text += fmt::format("  job{} -> job{} [label={}];\n", writer, fifo.reader, dot_string(fifo.name));
    }
  }
  return text + "}\n";
}

}  // namespace mrf::workflow
