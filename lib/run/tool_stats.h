// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
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

/// Whether a process of a job was mrf-chunks, left chunks out that failed (--skip-failed), and wrote all
/// others. It counts as a success then, whatever its status.
bool has_left_out_chunks(const Workspace& workspace, std::size_t job, pid_t pid);

/// What the tools in a run left behind about themselves (lib/cli/stats_file.h).
class ToolStats {
 public:
  /// Reads the files of the workspace; one that cannot be read is left out, a return value with a warning.
  ToolStats(const workflow::Plan& plan, const Workspace& workspace);

  /// The objects of all tools that ran in a job.
  const std::vector<Json>& of_job(std::size_t job) const { return jobs_[job]; }
  /// What the job left as its return value (MRF_RESULT): JSON, or else a text; null when it left nothing. Of
  /// a job of mrf-chunks, the values of its filters in the order of the chunks.
  const Json& result_of(std::size_t job) const { return results_[job]; }
  /// Empty when neither end was a tool of the project.
  std::optional<FifoCount> of_fifo(std::size_t fifo) const { return fifos_[fifo]; }
  /// What one of its writers, a job, put in, as it counted that itself; the whole of the only one.
  std::optional<FifoCount> of_writer(std::size_t fifo, std::size_t job) const {
    return writers_[fifo].size() == 1 ? fifos_[fifo] : writers_[fifo].at(job);
  }

 private:
  void read_result(const workflow::Plan& plan, const Workspace& workspace, std::size_t job);

  std::vector<std::vector<Json>> jobs_;
  std::vector<Json> results_;
  std::vector<std::optional<FifoCount>> fifos_;
  std::vector<std::map<std::size_t, std::optional<FifoCount>>> writers_;  // by FIFO, then by job
};

}  // namespace mrf::run
