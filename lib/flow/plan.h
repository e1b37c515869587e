// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "flow/workflow.h"

namespace mrf {

/// A job as it will be started. Its words consist of text and of in, out and save pieces.
struct PlannedJob {
  std::string name;           ///< as in the workflow
  std::optional<int> number;  ///< counts from 0 in a job array
  int line = 0;
  std::vector<Word> words;
  std::vector<Redirection> redirections;

  /// "work[3]" or "join".
  std::string display_name() const;
};

/// A FIFO and the jobs at its ends, as indices into Plan::jobs.
struct PlannedFifo {
  std::string name;  ///< "part[3]" or "header"
  std::size_t writer = 0;
  std::size_t reader = 0;
};

/// A workflow whose names are resolved and whose graph has been checked. Nothing has been started.
struct Plan {
  std::string file;
  std::vector<PlannedJob> jobs;
  std::vector<PlannedFifo> fifos;
  std::vector<std::string> results;  ///< the paths of save:, in the order of the text
};

/// Puts in the variables and numbers, and checks that every FIFO has one writer and one reader, that
/// job names and results are unique and that the graph has no cycle. Throws WorkflowError.
Plan make_plan(const Workflow& workflow);

}  // namespace mrf
