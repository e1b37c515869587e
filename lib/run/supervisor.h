// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "process/outcome.h"
#include "run/fifo_set.h"
#include "run/job_ends.h"
#include "run/job_record.h"
#include "run/monitor.h"
#include "run/rounds.h"
#include "run/workspace.h"
#include "workflow/plan.h"

namespace mrf {

/// The run's state:
///   running  --a job fails, INT, QUIT, TERM, HUP-->   stopping (TERM to every job)
///   stopping --kill_after is over-->            killing  (KILL to every job)
///   any      --no job is left-->                over
enum class RunState { running, stopping, killing, over };

struct SupervisorOptions {
  std::chrono::milliseconds kill_after{1000};
  std::size_t pipe_size = 0;
  bool show_job_names = false;  ///< before every line of a job's standard error
  MonitorOptions monitor;
};

/// Starts all jobs of a plan, those of sections round by round, passes their end-of-files on in the right
/// order and ends all when one fails. One poll(2) loop; INT, QUIT, TERM, HUP and CHLD are blocked and come
/// through a signalfd.
class Supervisor {
 public:
  /// `plan` and `workspace` outlive the supervisor. Throws SystemError.
  Supervisor(const Plan& plan, const Workspace& workspace, SupervisorOptions options);

  /// Runs to the end; afterwards no child of this process is left. Throws SystemError only before the
  /// first job starts.
  void run();

  /// After run(): the exit status of the whole, without publishing: 0, that of the job that failed first, 1
  /// when a job used a FIFO wrongly, or 128+N when signal N ended the run.
  int status() const;
  /// The signal that ended the run, 0 if none.
  int ended_by() const { return ended_by_; }
  /// The index of the job that failed first.
  std::optional<std::size_t> first_failure() const { return first_failure_; }
  const std::vector<JobRecord>& jobs() const { return jobs_; }
  const FifoSet& fifos() const { return fifos_; }
  const BusyWatch& busy() const { return monitor_.busy(); }
  std::chrono::duration<double> wall() const { return wall_; }

 private:
  using Clock = std::chrono::steady_clock;

  void launch_jobs(const std::vector<std::size_t>& jobs);
  void launch_job(std::size_t job);
  void begin_next_rounds();
  void wait_for_events();
  int poll_timeout() const;
  void on_time();
  void on_signals();
  void on_failure_pipe(std::size_t job);
  void reap();
  void on_reaped(std::size_t job, Outcome outcome);
  void on_fault(const Error& fault);
  void job_failed(std::size_t job);
  void stop();

  const Plan& plan_;
  const Workspace& workspace_;
  SupervisorOptions options_;
  FifoSet fifos_;
  JobEnds ends_;
  Fd signals_;
  std::vector<JobRecord> jobs_;
  RoundCounter rounds_;
  Monitor monitor_;
  RunState state_ = RunState::running;
  int ended_by_ = 0;
  int fault_status_ = 0;  // of a fault that no job's status tells
  std::optional<std::size_t> first_failure_;
  Clock::time_point started_;
  Clock::time_point kill_at_{};
  std::chrono::duration<double> wall_{0};
};

}  // namespace mrf
