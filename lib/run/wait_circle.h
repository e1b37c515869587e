// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "run/fifo_set.h"
#include "run/job_record.h"
#include "workflow/plan.h"

namespace mrf::run {

/// Finds out that the jobs of a run wait for each other and nobody works: then it would never end. Such is a
/// job that waits for the end of a FIFO whose writer has closed it and goes on, but waits to write to that
/// job.
///
/// Time decides only when it is tried, at first after a second in which no FIFO changed, then ever more
/// rarely; the proof is that of WaitProof.
class WaitCircle {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` outlives the object.
  explicit WaitCircle(const workflow::Plan& plan) : plan_(plan) {}

  /// To be called now and then. `root` is the parent of the jobs, `is_quiet` says that no job has ended and
  /// no FIFO was opened or closed that the supervisor has not heard of. Returns what is to be said of a
  /// circle.
  std::optional<std::string> look(Clock::time_point now, const FifoSet& fifos,
                                  const std::vector<JobRecord>& jobs, pid_t root,
                                  const std::function<bool()>& is_quiet);

 private:
  bool is_circle(const FifoSet& fifos, pid_t root, const std::function<bool()>& is_quiet) const;
  std::string describe(const FifoSet& fifos, const std::vector<JobRecord>& jobs) const;

  const workflow::Plan& plan_;
  std::vector<std::size_t> picture_;
  Clock::time_point try_at_{};
  Clock::duration step_{};
};

}  // namespace mrf::run
