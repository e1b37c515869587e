// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "run/fifo_set.h"
#include "run/job_record.h"
#include "workflow/plan.h"

namespace mrf::run {

/// Counts at how many looks a job was neither waiting for its inputs nor for its outputs: it had something to
/// read, and room to write.
class BusyWatch {
 public:
  /// `plan` outlives the watch.
  explicit BusyWatch(const workflow::Plan& plan) : plan_(plan), busy_(plan.jobs.size()) {}

  /// After every FifoSet::sample().
  void look(const FifoSet& fifos, const std::vector<JobRecord>& jobs);
  /// The share of all looks, 0 to 1, at which the job ran and was busy; one that had several inputs counts as
  /// busy in the share of them that was not empty, with outputs likewise.
  double share(std::size_t job) const { return looks_ == 0 ? 0 : busy_[job] / static_cast<double>(looks_); }
  std::uint64_t looks() const { return looks_; }

 private:
  const workflow::Plan& plan_;
  std::vector<double> busy_;
  std::uint64_t looks_ = 0;
};

}  // namespace mrf::run
