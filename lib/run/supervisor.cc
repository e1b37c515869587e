// SPDX-License-Identifier: MIT
#include "run/supervisor.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"
#include "io/paths.h"
#include "process/proc_tree.h"
#include "process/run_signals.h"
#include "run/job_spec.h"
#include "run/tool_stats.h"
#include "workflow/graph.h"

namespace mrf::run {

namespace {

constexpr std::chrono::milliseconds sample_period{100};
constexpr int sample_share = 20;  // the time between samples is so many times that of a sample at least
constexpr std::chrono::seconds longest_end{10};  // of a job that was sent KILL
constexpr std::size_t launches_at_once = 64;     // before events are taken: of FIFOs, whose queue has an end

// A terminal counts as a pipe does; another device, as /dev/null, may be open in any process.
std::vector<process::AwaitedFile> with_standard_output(std::vector<process::AwaitedFile> files) {
  struct stat info {};
  if (::fstat(STDOUT_FILENO, &info) == 0 && (!S_ISCHR(info.st_mode) || ::isatty(STDOUT_FILENO) == 1))
    files.push_back({std::string(io::stdout_name), io::FileId(info)});
  return files;
}

}  // namespace

Supervisor::Supervisor(const workflow::Plan& plan, const Workspace& workspace, process::Watchdog& watchdog,
                       const SupervisorOptions& options)
    : plan_(plan),
      workspace_(workspace),
      watchdog_(watchdog),
      options_(options),
      names_(plan, workspace, options_.shown_paths),
      fifos_(plan, workspace, options.pipe_size, reactor_, [this](std::size_t job) { job_failed(job); }),
      signals_(process::run_signal_fd()),
      jobs_(plan.jobs.size()),
      left_(plan.jobs.size()),
      deadlock_(plan) {
  const bool shows_progress = options.progress.style != ProgressStyle::none;
  if (shows_progress) progress_.emplace(plan, options.progress);
  if (shows_progress || options.keeps_throughput) tracker_.emplace(plan, workspace.stats_directory());
  if (options.stall_timeout.count() > 0) stall_.emplace(plan, options.stall_timeout);
  for (std::size_t at = 0; at < plan.sections.size(); ++at) {
    Section& section = sections_.emplace_back();
    for (const auto& round : plan.sections[at]) section.jobs_left.push_back(round.size());
    section.next = std::min(plan.rounds_at_a_time[at], plan.sections[at].size());
  }
  reactor_.watch(signals_, EPOLLIN, [this](std::uint32_t) { on_signal(); });
  reactor_.watch(fifos_.events(), EPOLLIN, [this](std::uint32_t) { on_fifo_events(); });
  reactor_.watch(watchdog_.events(), EPOLLIN, [this](std::uint32_t) { on_ended(); });
}

void Supervisor::run() {
  started_ = Clock::now();
  machine_before_ = process::machine_time();
  reactor_.at(started_ + sample_period, [this] { sample(); });
  if (options_.time_limit.count() > 0)
    reactor_.at(started_ + options_.time_limit, [this] { on_time_limit(); });
  for (std::size_t at = 0; at < jobs_.size(); ++at) {
    const workflow::PlannedJob& job = plan_.jobs[at];
    if (!job.section || static_cast<std::size_t>(job.round) < sections_[*job.section].next)
      to_launch_.push_back(at);
  }
  launch_some();
  while (left_ > 0 || (state_ == RunState::running && !left_behind_.empty())) reactor_.turn();
  wait_for_writers();
  // The last job's events may not have come yet.
  while (fifos_.read_events()) {
  }
  if (fifos_.fault()) on_fault(*fifos_.fault());
  fifos_.stop_watching();
  state_ = RunState::over;
  progress_.reset();
  wall_ = Clock::now() - started_;
  machine_after_ = process::machine_time();
  end_descendants();
  for (Job& job : jobs_) {
    if (job.standard_error) job.standard_error->finish();
  }
}

void Supervisor::launch_some() {
  for (std::size_t launched = 0; launched < launches_at_once && !to_launch_.empty(); ++launched) {
    const std::size_t job = to_launch_.front();
    to_launch_.pop_front();
    launch_job(job);
  }
  if (!to_launch_.empty()) reactor_.at(Clock::now(), [this] { launch_some(); });
  on_ended();  // launch() takes the reports that come before its own
}

void Supervisor::launch_job(std::size_t at) {
  Job& job = jobs_[at];
  job.started = Clock::now();
  try {
    process::Launched launched = watchdog_.launch(at);
    job.pid = launched.pid;
    job.failure_pipe = std::move(launched.failure);
    const std::string prefix = options_.show_job_names ? plan_.jobs[at].display_name() + ": " : "";
    job.standard_error = std::make_unique<StderrTail>(std::move(launched.standard_error), prefix, names_, at,
                                                      options_.keeps_stderr);
    job.state = JobState::starting;
    by_pid_.emplace(job.pid, at);
    on_failure_pipe(at);
    if (job.failure_pipe.is_open())
      reactor_.watch(job.failure_pipe, EPOLLIN, [this, at](std::uint32_t) { on_failure_pipe(at); });
    reactor_.watch(job.standard_error->fd(), EPOLLIN, [this, at](std::uint32_t) { on_standard_error(at); });
  } catch (const base::SystemError& error) {
    base::say(base::SystemError("start", plan_.jobs[at].display_name(), error.error_number()).what());
    set_ended(at);
    job.outcome = process::Outcome::of_start_failure(static_cast<int>(error.status()));
    job_failed(at);
    stop();
  } catch (const base::Error&) {
    on_watchdog_lost();
  }
}

void Supervisor::begin_next_rounds() {
  if (state_ != RunState::running) return;
  const bool is_idle = to_launch_.empty();
  for (const std::size_t section : std::exchange(rounds_ended_, {})) {
    const workflow::Rounds& rounds = plan_.sections[section];
    std::size_t& next = sections_[section].next;
    if (next == rounds.size()) continue;
    // Takes the events of the last round first, so that none of them counts for the next round.
    while (fifos_.read_events()) {
    }
    for (const std::size_t job : rounds[next++]) {
      fifos_.expect_writer(job);
      to_launch_.push_back(job);
    }
  }
  if (is_idle && !to_launch_.empty()) launch_some();
}

void Supervisor::sample() {
  const auto now = Clock::now();
  fifos_.sample();
  ++samples_;
  count_busy();
  if (options_.keeps_throughput) count_threads();
  track_input(now);
  if (stall_ && (left_ > 0 || !left_behind_.empty())) {
    if (const auto line = stall_->update(now, fifos_, jobs_)) base::say(*line);
  }
  if (state_ == RunState::running) look_for_open_ends(now);
  const auto end = Clock::now();
  look_for_deadlock(now);
  reactor_.at(end + std::max<Clock::duration>(sample_period, sample_share * (end - now)),
              [this] { sample(); });
}

void Supervisor::track_input(Clock::time_point now) {
  const double at_s = base::seconds(now - started_);
  const bool keeps = options_.keeps_throughput && throughput_.wants(at_s);
  if (!tracker_ || (!progress_ && !keeps)) return;
  input_ = tracker_->update(jobs_);
  if (keeps) throughput_.add({at_s, input_.bytes, input_.records});
  if (progress_) progress_->update(now, input_, jobs_);
}

void Supervisor::count_busy() {
  const auto ready = [this](const std::vector<std::size_t>& fifos, bool FifoSamples::*waits) {
    std::size_t in_use = 0;
    std::size_t waiting = 0;
    for (const std::size_t fifo : fifos) {
      const FifoSamples& samples = fifos_.samples(fifo);
      in_use += samples.in_use ? 1 : 0;
      waiting += samples.in_use && samples.*waits ? 1 : 0;
    }
    return in_use == 0 ? 1.0 : static_cast<double>(in_use - waiting) / static_cast<double>(in_use);
  };
  for (std::size_t at = 0; at < jobs_.size(); ++at) {
    if (jobs_[at].state != JobState::running) continue;
    const workflow::PlannedJob& planned = plan_.jobs[at];
    jobs_[at].busy +=
        ready(planned.reads, &FifoSamples::was_empty) * ready(planned.writes, &FifoSamples::was_full);
  }
}

// A few jobs at a time, since it takes longer than the rest of a sample.
void Supervisor::count_threads() {
  constexpr int jobs_at_a_time = 4;
  int left = jobs_at_a_time;
  for (std::size_t looked_at = 0; looked_at < jobs_.size() && left > 0; ++looked_at) {
    Job& job = jobs_[next_counted_++ % jobs_.size()];
    if (job.state != JobState::running) continue;
    job.threads = std::max(job.threads, process::thread_count(job.pid));
    --left;
  }
}

std::optional<double> Supervisor::machine_idle() const {
  const double passed_s = machine_after_.all_s - machine_before_.all_s;
  if (passed_s <= 0) return std::nullopt;
  return std::clamp((machine_after_.idle_s - machine_before_.idle_s) / passed_s, 0.0, 1.0);
}

double Supervisor::busy_share(std::size_t job) const {
  return samples_ == 0 ? 0 : jobs_[job].busy / static_cast<double>(samples_);
}

void Supervisor::look_for_deadlock(Clock::time_point now) {
  if (state_ != RunState::running || !to_launch_.empty() || left_ == 0 || !left_behind_.empty()) return;
  const auto is_quiet = [this] {
    const auto ended = watchdog_.take_all_ended();
    take(ended);
    look_for_stopped();
    return ended.empty() && !fifos_.has_events() && !watchdog_.lost();
  };
  if (const auto deadlock = deadlock_.update(now, fifos_, jobs_, watchdog_.pid(), is_quiet))
    on_fault(base::Error(base::Status::failure, "continue", plan_.file, *deadlock));
}

void Supervisor::on_fifo_events() {
  fifos_.read_events();
  if (fifos_.fault()) on_fault(*fifos_.fault());
}

void Supervisor::on_signal() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
  const int number = static_cast<int>(info.ssi_signo);
  if (number == SIGTSTP) {
    stop_with_terminal();
    return;
  }
  if (state_ == RunState::running) ended_by_ = number;
  stop();
}

void Supervisor::on_failure_pipe(std::size_t at) {
  Job& job = jobs_[at];
  process::StartFailure failure;
  const ssize_t n = ::read(job.failure_pipe.get(), &failure, sizeof failure);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  reactor_.forget(job.failure_pipe);
  job.failure_pipe.reset();
  if (n == static_cast<ssize_t>(sizeof failure)) {
    job.failure = failure;
  } else if (job.state == JobState::starting) {
    job.state = JobState::running;
  }
}

// Processes that the job left behind may still write to it when the job has ended.
void Supervisor::on_standard_error(std::size_t at) {
  StderrTail& tail = *jobs_[at].standard_error;
  if (tail.pump()) return;
  reactor_.forget(tail.fd());
  tail.finish();
}

void Supervisor::on_ended() {
  for (auto ended = watchdog_.take_ended(); !ended.empty(); ended = watchdog_.take_ended()) take(ended);
  look_for_stopped();
  if (watchdog_.lost()) on_watchdog_lost();
}

void Supervisor::take(const std::vector<process::EndedProcess>& ended) {
  for (const process::EndedProcess& process : ended) on_reaped(process);
  if (!failed_.empty()) stop();
  begin_next_rounds();
}

// Nobody lets a job go on that the terminal has stopped.
void Supervisor::look_for_stopped() {
  for (const pid_t pid : watchdog_.take_stopped()) {
    const pid_t group = ::getpgid(pid);
    for (std::size_t at = 0; at < jobs_.size(); ++at) {
      if (jobs_[at].pid != group || (!jobs_[at].is_alive() && !left_behind_.contains(at))) continue;
      on_fault(base::Error(base::Status::failure, "finish", plan_.jobs[at].display_name(),
                           "it wants to use the terminal, which a job does not have; let it take its input "
                           "from a file"));
    }
  }
}

void Supervisor::on_reaped(const process::EndedProcess& ended) {
  const auto found = by_pid_.find(ended.pid);
  if (found == by_pid_.end()) return;  // an orphan that the watchdog adopted
  const std::size_t at = found->second;
  Job& job = jobs_[at];
  if (job.failure_pipe.is_open()) on_failure_pipe(at);
  reactor_.forget(job.failure_pipe);
  job.failure_pipe.reset();
  job.standard_error->pump();
  set_ended(at);
  job.usage = ended.usage;
  process::Outcome outcome = process::Outcome::of_wait_status(ended.wait_status);
  outcome.accept(plan_.jobs[at].ok_statuses);
  if (outcome.status() == static_cast<int>(base::Status::bad_data) &&
      has_left_out_chunks(workspace_, at, ended.pid)) {
    outcome.accept({outcome.status()});
    lacks_records_ = true;
  }
  if (job.failure) outcome = process::start_failure_outcome(*job.failure);
  job.outcome = outcome;
  // SIGPIPE comes from the end of a reader only after the supervisor closed its own read end of the FIFO.
  const bool by_reader = outcome.is_broken_pipe() && fifos_.may_end_by_reader(at);
  if (!outcome.succeeded() && !by_reader) {
    job_failed(at);
  } else if (state_ == RunState::running) {
    if (may_have_left_behind(at)) {
      let_go(at, by_reader);
    } else {
      end_succeeded(at, by_reader);
    }
  }
}

void Supervisor::end_succeeded(std::size_t at, bool by_reader) {
  fifos_.job_succeeded(at, by_reader);
  if (fifos_.fault()) return on_fault(*fifos_.fault());
  const workflow::PlannedJob& job = plan_.jobs[at];
  if (!job.writes.empty() || !job.reads.empty())
    open_ends_.emplace_back(Clock::now() + process::before_left_behind_message, at);
  if (job.section && --sections_[*job.section].jobs_left[static_cast<std::size_t>(job.round)] == 0)
    rounds_ended_.push_back(*job.section);
}

// Each job is a process group. What has left it, as by setsid(2), counts where it may hold a FIFO open that
// the next round writes, or know the path of a side table, which is in its environment then.
bool Supervisor::may_have_left_behind(std::size_t at) const {
  const workflow::PlannedJob& job = plan_.jobs[at];
  if (job.writes.empty() && job.reads.empty()) return false;
  const bool is_joined = std::any_of(job.writes.begin(), job.writes.end(), [this](std::size_t fifo) {
    return plan_.fifos[fifo].writers.size() > 1;
  });
  return is_joined || ::kill(-jobs_[at].pid, 0) == 0 || errno == EPERM || !job.environment.empty();
}

std::optional<process::LeftBehind> Supervisor::find_left_behind(
    const std::function<std::vector<process::AwaitedFile>()>& files) const {
  std::vector<pid_t> alive;
  for (const auto& [pid, job] : by_pid_) alive.push_back(pid);
  return process::find_left_behind(watchdog_.pid(), alive, files);
}

void Supervisor::tell_left_behind(std::size_t at, const process::LeftBehind& left) const {
  base::say(fmt::format("still waiting for {}: '{}' has ended, but {}", left.file,
                        plan_.jobs[at].display_name(), left.describe("it")));
}

// What the job has left behind, such as a process substitution, may still open its FIFOs, or write to one
// that the next round writes.
void Supervisor::let_go(std::size_t at, bool by_reader) {
  if (state_ != RunState::running) return;
  const auto left = find_left_behind([&] { return workspace_.awaited_fifos(plan_, at); });
  if (!left) {
    left_behind_.erase(at);
    end_succeeded(at, by_reader);
    begin_next_rounds();
    return;
  }
  if (left_behind_[at].is_due()) tell_left_behind(at, *left);
  reactor_.at(Clock::now() + process::left_behind_step, [this, at, by_reader] { let_go(at, by_reader); });
}

// Of the jobs that have ended for so long: whose reader waits for what a process writes that they have left
// behind, and whose writer for what it reads. A FIFO that nobody waits at is looked at again.
void Supervisor::look_for_open_ends(Clock::time_point now) {
  while (!open_ends_.empty() && open_ends_.front().first <= now) {
    const std::size_t at = open_ends_.front().second;
    open_ends_.pop_front();
    std::vector<process::AwaitedFile> held;
    bool is_in_use = false;
    const auto look_at = [&](std::size_t fifo, bool is_read) {
      const FifoState state = fifos_.state(fifo);
      const EndUse own = is_read ? state.reader : state.writer;
      const EndUse other = is_read ? state.writer : state.reader;
      if (own != EndUse::through || other == EndUse::through) return;
      is_in_use = is_in_use || other == EndUse::unopened || is_read;
      if (state.is_left_open && (!is_read || state.is_full))
        held.push_back({fmt::format("'{}:{}'", is_read ? "in" : "out", plan_.fifos[fifo].name),
                        io::find_file_id(fifos_.path(fifo)), "", is_read});
    };
    for (const std::size_t fifo : plan_.jobs[at].writes) look_at(fifo, false);
    for (const std::size_t fifo : plan_.jobs[at].reads) look_at(fifo, true);
    const auto left = held.empty() ? std::nullopt : find_left_behind([&] { return held; });
    if (left) {
      tell_left_behind(at, *left);
    } else if (is_in_use) {
      open_ends_.emplace_back(now + process::before_left_behind_message, at);
    }
  }
}

void Supervisor::on_watchdog_lost() {
  if (state_ == RunState::over) return;
  if (state_ == RunState::running) {
    base::say(fmt::format("cannot finish 'watchdog': {}", watchdog_.lost()->describe()));
    fault_status_ = std::max(watchdog_.lost()->status(), static_cast<int>(base::Status::failure));
  }
  reactor_.forget(watchdog_.events());
  state_ = RunState::killing;
  to_launch_.clear();
  for (std::size_t at = 0; at < jobs_.size(); ++at) set_ended(at);
}

void Supervisor::on_fault(const base::Error& fault) {
  if (state_ != RunState::running || fault_status_ != 0) return;
  base::say(fault.what());
  fault_status_ = static_cast<int>(fault.status());
  stop();
}

void Supervisor::on_time_limit() {
  if (state_ != RunState::running) return;
  is_out_of_time_ = true;
  stop();
}

void Supervisor::job_failed(std::size_t at) {
  if (is_term_sent_) return;
  Job& job = jobs_[at];
  if (job.outcome->succeeded()) job.has_left_records = true;
  failed_.push_back(at);
  // The other jobs are not ended at once: some may have failed at the same moment.
  if (failed_.size() == 1) reactor_.at(Clock::now(), [this] { stop(); });
}

void Supervisor::set_ended(std::size_t at) {
  Job& job = jobs_[at];
  if (job.state == JobState::ended) return;
  job.state = JobState::ended;
  if (job.pid > 0) job.wall = Clock::now() - job.started;
  by_pid_.erase(job.pid);
  --left_;
}

void Supervisor::stop() {
  if (state_ != RunState::running) return;
  state_ = RunState::stopping;
  // After this the other jobs are ended, and a failure of theirs is no longer their own.
  for (const process::EndedProcess& process : watchdog_.take_all_ended()) on_reaped(process);
  is_term_sent_ = true;
  reactor_.at(Clock::now() + options_.kill_after, [this] { kill_all(); });
  signal_all(SIGTERM);
  to_launch_.clear();
  for (std::size_t at = 0; at < jobs_.size(); ++at) {
    if (jobs_[at].state == JobState::planned) set_ended(at);
  }
}

void Supervisor::signal_all(int signal) {
  for (const auto& [pid, job] : by_pid_) {
    ::kill(-pid, signal);
    ::kill(-pid, SIGCONT);
  }
}

void Supervisor::kill_all() {
  state_ = RunState::killing;
  for (std::size_t at = 0; at < jobs_.size(); ++at) {
    if (jobs_[at].is_alive() && ::kill(-jobs_[at].pid, SIGKILL) != 0 && errno == EPERM) give_up(at, EPERM);
  }
  reactor_.at(Clock::now() + longest_end, [this] {
    for (std::size_t at = 0; at < jobs_.size(); ++at) {
      if (jobs_[at].is_alive()) give_up(at, EBUSY);
    }
  });
}

void Supervisor::give_up(std::size_t at, int error_number) {
  base::say(fmt::format("cannot end '{}': {}; it goes on as process {}", plan_.jobs[at].display_name(),
                        std::generic_category().message(error_number), jobs_[at].pid));
  set_ended(at);
}

// TSTP stops the jobs too, which the terminal does not reach; the watchdog stays awake.
void Supervisor::stop_with_terminal() {
  const auto signal_each = [this](int number) {
    for (const pid_t pid : process::process_tree(watchdog_.pid())) {
      if (pid != watchdog_.pid()) ::kill(pid, number);
    }
  };
  signal_each(SIGSTOP);
  ::raise(SIGSTOP);
  signal_each(SIGCONT);
}

// What a job has left behind, such as a process substitution, may still write a result, as it may write to a
// FIFO.
void Supervisor::wait_for_writers() {
  process::LeftBehindClock clock;
  while (state_ == RunState::running) {
    const auto left = process::find_left_behind(
        watchdog_.pid(), {}, [this] { return with_standard_output(workspace_.awaited_files()); });
    if (!left) {
      on_ended();  // a watchdog that is gone has no children
      return;
    }
    if (clock.is_due())
      base::say(fmt::format("still waiting for {}: all jobs have ended, but {}", left->file,
                            left->describe("one of them")));
    // Events, such as messages of what was left behind, may come much faster.
    const auto next = Clock::now() + process::left_behind_step;
    while (state_ == RunState::running && Clock::now() < next) reactor_.turn(process::left_behind_step);
  }
}

// The rest of what the jobs left behind is ended with the run, and leaves a file that it was writing as it
// is. A file that this process has open too comes from outside the run.
void Supervisor::tell_unfinished() const {
  if (status() != 0) return;
  const std::vector<pid_t> left = process::process_tree(watchdog_.pid());
  if (left.size() <= 1) return;  // the watchdog
  const std::vector<std::string> inherited = process::written_files(::getpid());
  std::set<std::string> told(inherited.begin(), inherited.end());
  for (const pid_t pid : left) {
    if (pid == watchdog_.pid()) continue;
    for (const std::string& path : process::written_files(pid)) {
      if (path.starts_with(workspace_.directory() + "/") || !told.insert(path).second) continue;
      base::warn(
          fmt::format("'{}' may not be complete: process {} ({}), which a job has left behind, has it open "
                      "for writing, and is ended with the run: the job has to wait for it",
                      path, pid, process::process_name(pid)));
    }
  }
}

void Supervisor::end_descendants() {
  reactor_.forget(watchdog_.events());
  tell_unfinished();
  for (const pid_t pid : watchdog_.end_all()) {
    const bool is_named =
        std::any_of(jobs_.begin(), jobs_.end(), [pid](const Job& job) { return job.pid == pid; });
    if (!is_named)
      base::say(fmt::format("cannot end process '{}', which a job has left behind: it goes on", pid));
  }
}

int Supervisor::status() const {
  if (ended_by_ != 0) return base::signal_status_base + ended_by_;
  if (fault_status_ != 0) return fault_status_;
  if (is_out_of_time_) return static_cast<int>(base::Status::failure);
  const auto first = first_failure();
  if (!first) return 0;
  return jobs_[*first].has_left_records ? static_cast<int>(base::Status::failure)
                                        : jobs_[*first].outcome->status();
}

std::optional<std::size_t> Supervisor::first_failure() const {
  if (ended_by_ != 0 || fault_status_ != 0 || is_out_of_time_ || failed_.empty()) return std::nullopt;
  return workflow::first_in_flow(plan_, failed_);
}

}  // namespace mrf::run
