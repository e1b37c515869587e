// SPDX-License-Identifier: MIT
#include "run/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "process/descendants.h"
#include "process/run_signals.h"
#include "run/job_spec.h"
#include "run/judgement.h"

namespace mrf {

Supervisor::Supervisor(const Plan& plan, const Workspace& workspace, SupervisorOptions options)
    : plan_(plan),
      workspace_(workspace),
      options_(options),
      fifos_(plan, workspace, options.pipe_size),
      ends_(plan, fifos_),
      signals_(run_signal_fd()),
      jobs_(plan.jobs.size()),
      rounds_(plan),
      monitor_(plan, options.monitor) {}

void Supervisor::run() {
  started_ = Clock::now();
  launch_jobs(rounds_.first());
  while (any_left(jobs_)) wait_for_events();
  state_ = RunState::over;
  monitor_.finish();
  wall_ = Clock::now() - started_;
  kill_descendants();
}

void Supervisor::launch_jobs(const std::vector<std::size_t>& jobs) {
  for (const std::size_t job : jobs) {
    if (state_ == RunState::running) launch_job(job);
  }
}

void Supervisor::launch_job(std::size_t at) {
  JobRecord& job = jobs_[at];
  job.started = Clock::now();
  try {
    Launched launched = launch(job_spec(plan_, workspace_, at));
    job.pid = launched.pid;
    job.failure_pipe = std::move(launched.failure);
    const std::string prefix = options_.show_job_names ? plan_.jobs[at].display_name() + ": " : "";
    job.standard_error = std::make_unique<StderrTail>(std::move(launched.standard_error), prefix);
    job.state = JobState::starting;
  } catch (const Error& error) {
    say(error.what());
    job.state = JobState::ended;
    job.outcome = Outcome::of_start_failure(static_cast<int>(error.status()));
    job_failed(at);
  }
}

void Supervisor::begin_next_rounds() {
  if (state_ != RunState::running) return;
  const auto jobs = rounds_.take_next(jobs_);
  if (jobs.empty()) return;
  // What the last round opened is not to be taken for the next one's.
  ends_.read_events(jobs_);
  for (const std::size_t job : jobs) ends_.expect_writer(job);
  launch_jobs(jobs);
}

void Supervisor::wait_for_events() {
  std::vector<pollfd> polled{{signals_.get(), POLLIN, 0}, {fifos_.events().get(), POLLIN, 0}};
  std::vector<std::pair<std::size_t, bool>> sources;
  for (std::size_t at = 0; at < jobs_.size(); ++at) {
    if (jobs_[at].failure_pipe.is_open()) {
      polled.push_back({jobs_[at].failure_pipe.get(), POLLIN, 0});
      sources.emplace_back(at, true);
    }
    if (jobs_[at].standard_error && jobs_[at].standard_error->is_open()) {
      polled.push_back({jobs_[at].standard_error->fd().get(), POLLIN, 0});
      sources.emplace_back(at, false);
    }
  }
  if (::poll(polled.data(), polled.size(), poll_timeout()) < 0 && errno != EINTR) {
    throw SystemError("wait for", "jobs");
  }
  for (std::size_t at = 0; at < sources.size(); ++at) {
    if (polled[at + 2].revents == 0) continue;
    const auto [job, is_failure] = sources[at];
    if (is_failure) {
      on_failure_pipe(job);
    } else {
      jobs_[job].standard_error->pump();
    }
  }
  // Opens and closes come before the deaths that caused them.
  ends_.read_events(jobs_);
  if (ends_.fault()) on_fault(*ends_.fault());
  on_signals();
  on_time();
}

int Supervisor::poll_timeout() const {
  auto next = monitor_.due();
  if (const auto closes = ends_.due()) next = std::min(next, *closes);
  if (state_ == RunState::stopping) next = std::min(next, kill_at_);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
  return static_cast<int>(std::max(left, std::chrono::milliseconds(0)).count());
}

void Supervisor::on_time() {
  const auto now = Clock::now();
  ends_.pass_closes_on(jobs_);
  monitor_.look(now, fifos_, jobs_);
  if (state_ == RunState::stopping && now >= kill_at_) {
    state_ = RunState::killing;
    signal_all(jobs_, SIGKILL);
  }
}

void Supervisor::on_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGCHLD) continue;
    if (ended_by_ == 0 && !first_failure_ && fault_status_ == 0) ended_by_ = number;
    stop();
  }
  reap();
}

void Supervisor::on_failure_pipe(std::size_t at) {
  JobRecord& job = jobs_[at];
  StartFailure failure;
  const ssize_t n = ::read(job.failure_pipe.get(), &failure, sizeof failure);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  job.failure_pipe.reset();
  if (n == static_cast<ssize_t>(sizeof failure)) {
    job.failure = failure;
  } else if (job.state == JobState::starting) {
    job.state = JobState::running;
  }
}

void Supervisor::reap() {
  std::vector<std::pair<std::size_t, Outcome>> ended;
  for (;;) {
    int wait_status = 0;
    rusage usage{};
    const pid_t pid = ::wait4(-1, &wait_status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) break;
    const auto job = std::find_if(jobs_.begin(), jobs_.end(), [pid](const JobRecord& one) {
      return one.pid == pid && one.state != JobState::ended;
    });
    if (job == jobs_.end()) continue;
    job->usage = usage;
    ended.emplace_back(job - jobs_.begin(), Outcome::of_wait_status(wait_status));
  }
  // The supervisor's own read end keeps a pipe whole until its reader is known to be through.
  for (const auto& [job, outcome] : ended) jobs_[job].lost_reader = ends_.has_lost_reader(job);
  for (const auto& [job, outcome] : ended) on_reaped(job, outcome);
  if (ended.empty()) return;
  if (const auto bad = first_bad(plan_, jobs_)) job_failed(*bad);
  begin_next_rounds();
}

void Supervisor::on_reaped(std::size_t at, Outcome outcome) {
  JobRecord& job = jobs_[at];
  if (job.failure_pipe.is_open()) on_failure_pipe(at);
  job.failure_pipe.reset();
  job.standard_error->finish();
  job.state = JobState::ended;
  job.wall = Clock::now() - job.started;
  outcome.accept(plan_.jobs[at].ok_statuses);
  if (job.failure) outcome = start_failure_outcome(*job.failure);
  job.outcome = outcome;
  // A failure ends the run before anybody is told: its end is no end-of-file.
  ends_.job_ended(at, outcome.succeeded() || (outcome.is_broken_pipe() && job.lost_reader));
}

void Supervisor::on_fault(const Error& fault) {
  if (state_ != RunState::running) return;
  say(fault.what());
  fault_status_ = static_cast<int>(fault.status());
  stop();
}

void Supervisor::job_failed(std::size_t at) {
  if (!first_failure_ && ended_by_ == 0 && fault_status_ == 0) {
    first_failure_ = at;
    if (jobs_[at].failure) say(describe_start_failure(job_spec(plan_, workspace_, at), *jobs_[at].failure));
  }
  stop();
}

void Supervisor::stop() {
  if (state_ != RunState::running) return;
  state_ = RunState::stopping;
  kill_at_ = Clock::now() + options_.kill_after;
  signal_all(jobs_, SIGTERM);
  for (JobRecord& job : jobs_) {
    if (job.state == JobState::planned) job.state = JobState::ended;
  }
}

int Supervisor::status() const {
  if (ended_by_ != 0) return signal_status_base + ended_by_;
  if (fault_status_ != 0) return fault_status_;
  return first_failure_ ? jobs_[*first_failure_].outcome->status() : 0;
}

}  // namespace mrf
