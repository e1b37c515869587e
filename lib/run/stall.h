// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "run/fifo_set.h"
#include "run/job.h"
#include "workflow/plan.h"

namespace mrf::run {

/// Notices that nothing moves: no FIFO is opened, closed, fuller or emptier, no job ends, and all jobs
/// together use less than a fiftieth of a processor.
class StallDetector {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` outlives the object.
  StallDetector(const workflow::Plan& plan, std::chrono::milliseconds timeout)
      : plan_(plan), timeout_(timeout) {}

  /// To be called regularly. Returns a message, once for each stall and once at its end: which job the others
  /// wait for, then for each FIFO which job waits at it.
  std::optional<std::string> update(Clock::time_point now, const FifoSet& fifos,
                                    const std::vector<Job>& jobs);

 private:
  std::string describe(const FifoSet& fifos) const;

  const workflow::Plan& plan_;
  std::chrono::milliseconds timeout_;
  Clock::time_point updated_{};
  Clock::time_point moved_{};
  std::vector<std::size_t> picture_;
  double processor_s_ = 0;
  bool told_ = false;
};

/// The job that waits at a FIFO for the job at the other end.
enum class Waiting { nobody, writer, reader };
Waiting who_waits(const FifoState& state);

/// The same as a sentence; empty when no job seems to wait.
std::string describe_wait(const FifoState& state, const std::string& writer, const std::string& reader);

/// Finds out that the jobs of a run wait for each other and that none of them works: such a run would never
/// end. An example: one job waits for the end of a FIFO whose writer has closed it, and the writer waits to
/// write to that job.
///
/// Time decides only when the jobs are examined: first after a second in which no FIFO changed, then ever
/// more rarely. process::BlockedTree says what proves a deadlock.
class DeadlockDetector {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` outlives the object.
  explicit DeadlockDetector(const workflow::Plan& plan) : plan_(plan) {}

  /// To be called now and then. `root` is the parent of the jobs, `is_quiet` says that no job has ended and
  /// no FIFO was opened or closed that the supervisor has not heard of. Returns the message about a deadlock.
  std::optional<std::string> update(Clock::time_point now, const FifoSet& fifos, const std::vector<Job>& jobs,
                                    pid_t root, const std::function<bool()>& is_quiet);

 private:
  bool is_deadlock(const FifoSet& fifos, pid_t root, const std::function<bool()>& is_quiet) const;
  std::string describe(const FifoSet& fifos, const std::vector<Job>& jobs) const;

  const workflow::Plan& plan_;
  std::vector<std::size_t> picture_;
  Clock::time_point try_at_{};
  Clock::duration step_{};
};

}  // namespace mrf::run
