// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "run/workspace.h"
#include "workflow/plan.h"

namespace mrf::run {

/// The names of FIFOs and results as a workflow writes them, in place of the paths under which the jobs know
/// them.
class DisplayNames {
 public:
  DisplayNames(const workflow::Plan& plan, const Workspace& workspace);

  /// A line of the job's standard error: a FIFO's path becomes in:NAME or out:NAME, the place where a result
  /// is written the result's path; and what the project's programs call standard input or output becomes what
  /// that is redirected to.
  std::string in_line(std::size_t job, std::string line) const;

 private:
  void replace_fifos(std::string& line) const;

  std::string directory_;
  std::map<std::string, std::string> fifos_;  // by file name
  std::vector<std::pair<std::string, std::string>> results_;
  std::vector<std::vector<std::pair<std::string, std::string>>> standard_;  // by job
};

}  // namespace mrf::run
