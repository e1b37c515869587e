// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "run/fifo_set.h"
#include "run/job_record.h"
#include "workflow/plan.h"

namespace mrf::run {

/// Notices that nothing moves: no FIFO is opened, closed, fuller or emptier, no job ends, and all jobs
/// together use less than a fiftieth of a processor.
class StallWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` outlives the watch.
  StallWatch(const workflow::Plan& plan, std::chrono::milliseconds timeout)
      : plan_(plan), timeout_(timeout) {}

  /// To be called now and then. Returns what is to be said, once for each stall and once when it is over: in
  /// a line who holds the others up, then for each FIFO which job waits there.
  std::optional<std::string> look(Clock::time_point now, const FifoSet& fifos,
                                  const std::vector<JobRecord>& jobs);

 private:
  std::string describe(const FifoSet& fifos) const;

  const workflow::Plan& plan_;
  std::chrono::milliseconds timeout_;
  Clock::time_point looked_{};
  Clock::time_point moved_{};
  std::vector<std::size_t> picture_;
  double processor_s_ = 0;
  bool told_ = false;
};

/// Who waits at a FIFO for the other end.
enum class Waiting { nobody, writer, reader };
Waiting who_waits(const FifoLook& look);

/// The same as a sentence: empty when nobody seems to.
std::string describe_wait(const FifoLook& look, const std::string& writer, const std::string& reader);

}  // namespace mrf::run
