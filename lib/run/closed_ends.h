// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "run/fifo_set.h"
#include "workflow/plan.h"

namespace mrf {

/// The ends of FIFOs that running jobs have closed a moment ago. Programs close what they have open, and then
/// exit with the status that tells whether that was an end of data; so a close counts only when the job has
/// gone on for a while: 5 ms while it may write to another FIFO, else 250 ms.
class ClosedEnds {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ClosedEnds(const Plan& plan);

  void add(FifoEnd end, Clock::time_point now);
  /// It has been opened again, or its job has ended.
  void forget(FifoEnd end);
  /// When take_due() has something to say, if ever.
  std::optional<Clock::time_point> due() const;
  /// Those that were closed for long enough; they are forgotten.
  std::vector<FifoEnd> take_due(Clock::time_point now);

 private:
  struct Closed {
    FifoEnd end;
    Clock::time_point since;
  };

  Clock::time_point due(const Closed& closed) const;
  void set_writer_open(std::size_t fifo, bool is_open);

  const Plan& plan_;
  std::vector<Closed> closed_;
  std::vector<bool> writer_is_open_;       // by FIFO; true before it is opened
  std::vector<std::size_t> open_outputs_;  // by job
};

}  // namespace mrf
