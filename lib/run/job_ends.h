// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/error.h"
#include "run/closed_ends.h"
#include "run/fifo_set.h"
#include "run/job_record.h"
#include "workflow/plan.h"

namespace mrf {

/// Which job has which ends of the FIFOs: takes what the jobs do with them, and how they end, for what it
/// means to the jobs at the other ends.
class JobEnds {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` and `fifos` outlive the object.
  JobEnds(const Plan& plan, FifoSet& fifos);

  /// Takes what the jobs opened and closed. Throws SystemError.
  void read_events(const std::vector<JobRecord>& jobs);
  /// What is wrong, if a job has opened again what it had closed for good.
  const std::optional<Error>& fault() const { return fault_; }
  /// When pass_closes_on() has something to do, if ever.
  std::optional<Clock::time_point> due() const { return closed_.due(); }
  /// Tells the other ends of the closes of jobs that have gone on.
  void pass_closes_on(const std::vector<JobRecord>& jobs);
  /// The job has ended: if that is an end of its data, the other ends are told.
  void job_ended(std::size_t job, bool is_end_of_data);
  /// The job of a next round is about to start. Throws SystemError.
  void expect_writer(std::size_t job);
  /// Whether a reader of one of the job's FIFOs is through.
  bool has_lost_reader(std::size_t job) const;

 private:
  std::size_t job_at(FifoEnd end) const;
  void on_open(FifoEnd end);
  bool matters(FifoEnd end) const;

  const Plan& plan_;
  FifoSet& fifos_;
  ClosedEnds closed_;
  std::vector<std::vector<FifoEnd>> ends_;  // by job
  std::optional<Error> fault_;
};

}  // namespace mrf
