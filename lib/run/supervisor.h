// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/reactor.h"
#include "process/left_behind.h"
#include "process/outcome.h"
#include "process/proc_tree.h"
#include "process/watchdog.h"
#include "run/fifo_set.h"
#include "run/input_tracker.h"
#include "run/job.h"
#include "run/progress.h"
#include "run/stall.h"
#include "run/workspace.h"
#include "workflow/plan.h"

namespace mrf::run {

/// The run's state:
///   running  --a job fails, INT, QUIT, TERM, HUP, USR1, time limit-->  stopping (TERM to every job)
///   stopping --kill_after is over-->                  killing  (KILL to every job)
///   killing  --ten seconds are over-->                jobs that are left are named, and count as ended
///   any      --no job is left-->                      over
enum class RunState { running, stopping, killing, over };

struct SupervisorOptions {
  std::chrono::milliseconds kill_after{1000};
  std::size_t pipe_size = 0;
  bool show_job_names = false;  ///< before every line of a job's standard error
  bool keeps_stderr = false;    ///< StderrTail::text() of each job
  /// Paths in a job's standard error, each with what is shown for it (DisplayNames).
  std::vector<std::pair<std::string, std::string>> shown_paths{};
  ProgressOptions progress;
  bool keeps_throughput = false;               ///< for the report
  std::chrono::milliseconds stall_timeout{0};  ///< 0: a stall is not told
  std::chrono::milliseconds time_limit{0};     ///< after which the run is ended; 0: none
};

/// Starts all jobs of a plan, those of sections round by round, decides when a reader sees the end of its
/// data (FifoSet) and ends all when one fails. It never waits but in its reactor, and takes a bounded amount
/// from every source at a time. What an event costs does not depend on the number of jobs and FIFOs; only
/// samples (ten a second) and the end look at all of them.
class Supervisor {
 public:
  /// `plan`, `workspace` and `watchdog`, whose launch() takes the index of a job, outlive the supervisor.
  /// Throws SystemError.
  Supervisor(const workflow::Plan& plan, const Workspace& workspace, process::Watchdog& watchdog,
             const SupervisorOptions& options);

  /// Runs to the end; afterwards no child of this process is left. Throws SystemError only before the
  /// first job starts.
  void run();

  /// After run(): the exit status of the whole, without publishing: 0, that of the first failure, 1 when a
  /// job left records unread or used a FIFO wrongly, or 128+N when signal N ended the run.
  int status() const;
  /// After run(): whether a job left records out, as it was asked to (mrf-chunks --skip-failed).
  bool lacks_records() const { return lacks_records_; }
  /// After run(): whether SupervisorOptions::time_limit ended it; no job has failed then.
  bool is_out_of_time() const { return is_out_of_time_; }
  /// The signal that ended the run, 0 if none.
  int ended_by() const { return ended_by_; }
  /// Of the jobs that failed by themselves, the one that stands first in the flow of data.
  std::optional<std::size_t> first_failure() const;
  const std::vector<Job>& jobs() const { return jobs_; }
  const FifoSet& fifos() const { return fifos_; }
  /// How often the run was sampled.
  std::uint64_t samples() const { return samples_; }
  /// The share of the samples, 0 to 1, at which the job ran and had something to read and room to write. A
  /// job with several inputs counts as busy in the share of them that was not empty, with outputs likewise.
  double busy_share(std::size_t job) const;
  std::chrono::duration<double> wall() const { return wall_; }
  /// With SupervisorOptions::keeps_throughput: how far the input had been read, and when.
  const Throughput& throughput() const { return throughput_; }
  /// The share of the run, 0 to 1, in which the processors of the machine were idle; empty when that cannot
  /// be told.
  std::optional<double> machine_idle() const;
  std::optional<std::uint64_t> input_total() const { return input_.total; }

 private:
  using Clock = std::chrono::steady_clock;

  /// What has been started of a section.
  struct Section {
    std::size_t next = 0;                // the round that starts next
    std::vector<std::size_t> jobs_left;  // of each round, those that have not succeeded
  };

  void launch_some();
  void launch_job(std::size_t job);
  void begin_next_rounds();
  void sample();
  void count_busy();
  void count_threads();
  void track_input(Clock::time_point now);
  void look_for_deadlock(Clock::time_point now);
  void on_fifo_events();
  void on_signal();
  void on_failure_pipe(std::size_t job);
  void on_standard_error(std::size_t job);
  void on_ended();
  void take(const std::vector<process::EndedProcess>& ended);
  void look_for_stopped();
  void on_reaped(const process::EndedProcess& ended);
  void on_watchdog_lost();
  void on_fault(const base::Error& fault);
  void on_time_limit();
  void job_failed(std::size_t job);
  void set_ended(std::size_t job);
  void stop();
  void kill_all();
  void give_up(std::size_t job, int error_number);
  void signal_all(int signal);
  bool may_have_left_behind(std::size_t job) const;
  std::optional<process::LeftBehind> find_left_behind(
      const std::function<std::vector<process::AwaitedFile>()>& files) const;
  void tell_left_behind(std::size_t job, const process::LeftBehind& left) const;
  void look_for_open_ends(Clock::time_point now);
  void let_go(std::size_t job, bool by_reader);
  void end_succeeded(std::size_t job, bool by_reader);
  void wait_for_writers();
  void tell_unfinished() const;
  void stop_with_terminal();
  void end_descendants();

  const workflow::Plan& plan_;
  const Workspace& workspace_;
  process::Watchdog& watchdog_;
  SupervisorOptions options_;
  DisplayNames names_;
  io::Reactor reactor_;
  FifoSet fifos_;
  io::Fd signals_;
  std::vector<Job> jobs_;
  std::unordered_map<pid_t, std::size_t> by_pid_;  // of the jobs that are alive
  /// By jobs that have succeeded, but what they left behind may still open their FIFOs.
  std::unordered_map<std::size_t, process::LeftBehindClock> left_behind_;
  /// Jobs that have succeeded, and when it is looked whether what they left behind still holds their FIFOs.
  std::deque<std::pair<Clock::time_point, std::size_t>> open_ends_;
  std::size_t left_;  // jobs that have not ended
  std::deque<std::size_t> to_launch_;
  std::vector<Section> sections_;
  std::vector<std::size_t> rounds_ended_;  // the sections of rounds that have ended
  std::uint64_t samples_ = 0;
  std::size_t next_counted_ = 0;  // the job whose threads are counted next
  std::optional<InputTracker> tracker_;
  InputPosition input_;
  Throughput throughput_;
  std::optional<Progress> progress_;
  std::optional<StallDetector> stall_;
  DeadlockDetector deadlock_;
  RunState state_ = RunState::running;
  bool is_term_sent_ = false;
  int ended_by_ = 0;
  bool lacks_records_ = false;
  bool is_out_of_time_ = false;
  int fault_status_ = 0;  // of a fault that is in no job's status
  std::vector<std::size_t> failed_;
  Clock::time_point started_;
  std::chrono::duration<double> wall_{0};
  process::MachineTime machine_before_;
  process::MachineTime machine_after_;
};

}  // namespace mrf::run
