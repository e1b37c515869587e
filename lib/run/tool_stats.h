// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "run/workspace.h"
#include "workflow/plan.h"

namespace mrf::run {

using Json = nlohmann::ordered_json;

/// Records and bytes that went through a FIFO, as a tool at one of its ends counted them.
struct FifoCount {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

/// What the tools in a run left behind about themselves (lib/cli/stats_file.h).
class ToolStats {
 public:
  /// Reads the files of the workspace; one that cannot be read is left out.
  ToolStats(const workflow::Plan& plan, const Workspace& workspace);

  /// The objects of all tools that ran in a job.
  const std::vector<Json>& of_job(std::size_t job) const { return jobs_[job]; }
  /// Empty when neither end was a tool of the project.
  std::optional<FifoCount> of_fifo(std::size_t fifo) const { return fifos_[fifo].whole; }
  /// What one of its writers put in, as it counted that itself; the whole of the only one.
  std::optional<FifoCount> of_writer(std::size_t fifo, std::size_t writer) const {
    return fifos_[fifo].writers.size() == 1 ? fifos_[fifo].whole : fifos_[fifo].writers[writer];
  }

 private:
  struct FifoCounts {
    std::optional<FifoCount> whole;
    std::vector<std::optional<FifoCount>> writers;
  };
  FifoCounts count(const workflow::Plan& plan, const Workspace& workspace,
                   const workflow::PlannedFifo& fifo) const;

  std::vector<std::vector<Json>> jobs_;
  std::vector<FifoCounts> fifos_;
};

}  // namespace mrf::run
