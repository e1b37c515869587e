// SPDX-License-Identifier: MIT
#include "workflow/section_fifos.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>

namespace mrf::workflow {

namespace {

using Section = std::optional<std::size_t>;

template <typename Visit>
void for_each_fifo(PlannedJob& job, const Visit& visit) {
  for (auto& word : job.words) {
    for (auto& piece : word) {
      if (is_fifo(piece)) visit(piece);
    }
  }
  for (auto& redirection : job.redirections) {
    for (auto& piece : redirection.target) {
      if (is_fifo(piece)) visit(piece);
    }
  }
}

}  // namespace

void give_rounds_their_fifos(Plan& plan) {
  std::map<std::string, std::set<Section>> writers;
  for (PlannedJob& job : plan.jobs) {
    for_each_fifo(job, [&](const Piece& piece) {
      if (piece.kind == Piece::Kind::out) writers[piece.text].insert(job.section);
    });
  }
  std::map<Section, std::set<std::string>> inside;
  for (PlannedJob& job : plan.jobs) {
    if (!job.section) continue;
    for_each_fifo(job, [&](const Piece& piece) {
      if (piece.kind != Piece::Kind::in || !writers.contains(piece.text)) return;
      if (!writers[piece.text].contains(job.section)) {
        throw WorkflowError(
            plan.file, job.line,
            fmt::format("FIFO '{}' is written outside of this [each]: its rounds would share it",
                        piece.text));
      }
      inside[job.section].insert(piece.text);
    });
  }
  for (PlannedJob& job : plan.jobs) {
    if (!job.section) continue;
    for_each_fifo(job, [&](Piece& piece) {
      if (inside[job.section].contains(piece.text)) piece.text += fmt::format("@{}", job.round);
    });
  }
}

}  // namespace mrf::workflow
