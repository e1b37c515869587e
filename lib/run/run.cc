// SPDX-License-Identifier: MIT
#include "run/run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "base/redact.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "process/kept_failure.h"
#include "process/run_signals.h"
#include "process/watchdog.h"
#include "report/flow.h"
#include "report/table.h"
#include "run/job_spec.h"
#include "run/kept_job.h"
#include "run/report.h"
#include "run/tool_stats.h"
#include "run/workspace.h"

namespace mrf::run {

namespace {

// Whether nobody reads a pipe or FIFO that is open for writing.
bool lacks_reader(io::FdRef pipe) {
  pollfd polled{pipe.get(), 0, 0};
  return ::poll(&polled, 1, 0) > 0 && (polled.revents & POLLERR) != 0;
}

// Whether the path leads to such a pipe or FIFO. Only that of a FIFO cannot be opened then.
bool leads_to_no_reader(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISFIFO(info.st_mode)) return false;
  const io::Fd fd(io::adopt_fd, ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  return fd.is_open() ? lacks_reader(fd) : errno == ENXIO;
}

bool is_chunks_job(const workflow::PlannedJob& job) {
  return job.words[0].size() == 1 && io::base_of(job.words[0][0].text) == "mrf-chunks";
}

// What status 1 of a well-known program may mean.
std::string failure_hint(const workflow::PlannedJob& job, const Job& record, bool is_short_form) {
  if (record.failure || record.outcome->status() != 1 || job.words[0].size() != 1) return "";
  const std::string name = io::base_of(job.words[0][0].text);
  constexpr std::array greps{"grep", "egrep", "fgrep", "zgrep", "rg"};
  if (std::find(greps.begin(), greps.end(), name) == greps.end()) return "";
  return fmt::format("; {} ends with 1 when nothing matches: where that is no failure, {}", name,
                     is_short_form ? "give --ok-status 0,1" : "write 'ok 0,1' before it");
}

// For a job that must not end by SIGPIPE (FifoSet::may_end_by_reader()).
constexpr const char* cut_off_hint =
    "; a job that reads from it has ended, and what else it writes is cut off: tee -p, for one, writes on";

class WorkflowRun {
 public:
  WorkflowRun(const workflow::Plan& plan, const RunOptions& options, Workspace& workspace,
              std::optional<io::OutputFile>& direct_report)
      : plan_(plan),
        options_(options),
        workspace_(workspace),
        direct_report_(direct_report),
        can_report_(!options.report_path.empty()) {}

  RunEnd operator()() {
    RunEnd end{.status = static_cast<int>(base::Status::failure)};
    const ProgressOptions& progress = options_.supervisor.progress;
    write_event(
        progress,
        {{"event", "start"}, {"workflow", base::redact_name(plan_.file)}, {"jobs", plan_.jobs.size()}},
        false);
    std::optional<process::Watchdog> watchdog;
    try {
      watchdog.emplace(
          [this](std::size_t job) {
            workspace_.hold();
            return job_spec(plan_, workspace_, job);
          },
          [this] {
            workspace_.remove(options_.keep_directory);
            workspace_.remove_what_jobs_left();
          });
      workspace_.make(plan_);
      if (options_.keep_directory) base::note(fmt::format("FIFOs are in '{}'", workspace_.directory()));
      Supervisor supervisor(plan_, workspace_, *watchdog, options_.supervisor);
      supervisor.run();
      end.signal = supervisor.ended_by();
      end.is_out_of_time = supervisor.is_out_of_time();
      end.status = conclude(supervisor);
      if (end.status == 0 && options_.on_success) options_.on_success();
    } catch (const base::Error& error) {
      base::say(error.what());
      end.status = static_cast<int>(error.status());
    } catch (const std::exception& error) {
      base::say(fmt::format("cannot finish 'run': {}", error.what()));
      end.status = static_cast<int>(base::Status::failure);
    }
    workspace_.remove(options_.keep_directory);
    watchdog.reset();
    workspace_.remove(options_.keep_directory);  // what lacked the descriptors that the watchdog took
    if (end.status != 0) workspace_.remove_what_jobs_left();
    write_event(progress, {{"event", "end"}, {"status", end.status}, {"failed", failed_}}, false);
    return end;
  }

 private:
  // The report is written before anything is published, and published with the results.
  int conclude(const Supervisor& supervisor) {
    int status = supervisor.status();
    if (const auto job = supervisor.first_failure()) {
      failed_ = plan_.jobs[*job].display_name();
      say_failure(supervisor, *job);
    }
    bool is_published = false;
    if (status == 0) {
      const int lacking = supervisor.lacks_records() ? static_cast<int>(base::Status::bad_data) : 0;
      status = status_of([&] {
        workspace_.prepare();
        if (can_report_) write_report(report(supervisor, lacking, true));
        workspace_.publish();
        is_published = true;
      });
      if (is_published) status = lacking;
    }
    if (!is_published) {
      workspace_.give_up_results();
      // A report that could be written in part only is not published.
      status_of([&] {
        if (!can_report_) return;
        write_report(report(supervisor, status, false));
        workspace_.publish();
      });
    }
    if (options_.show_table) show_table(report(supervisor, status, is_published));
    return status;
  }

  // For the end of a message about a job that writes records, when readers had gone: the job behind it that
  // ended first, with success, and took those between them with it.
  std::string who_left(const Supervisor& supervisor, std::size_t job) const {
    if (!workflow::writes_records(plan_.jobs[job])) return "";
    while (const auto reader = supervisor.fifos().lost_reader(job)) {
      job = *reader;
      if (supervisor.jobs()[job].outcome->succeeded())
        return fmt::format(
            "; '{}' ended before it had read everything: let it read on, as sed -n 1,10p does and head does "
            "not",
            plan_.jobs[job].display_name());
    }
    return "";
  }

  void say_failure(const Supervisor& supervisor, std::size_t at) const {
    const Job& job = supervisor.jobs()[at];
    const std::string name = plan_.jobs[at].display_name();
    if (job.has_left_records) {
      base::say(fmt::format("cannot finish '{}': {} ended with status {} before it had read everything{}",
                            name, is_combining(at) ? shown_command(at) : "it", job.outcome->status(),
                            kept(at, job)));
      return;
    }
    if (job.outcome->is_broken_pipe() && is_output_left(supervisor, at)) return;
    if (job.failure) {
      const std::string text = describe_start_failure(job_spec(plan_, workspace_, at), *job.failure);
      base::say(DisplayNames(plan_, workspace_, options_.supervisor.shown_paths).in_line(at, text));
    }
    const std::string hint = job.outcome->is_broken_pipe() && supervisor.fifos().lost_reader(at)
                                 ? cut_off_hint
                                 : failure_hint(plan_.jobs[at], job, options_.is_short_form);
    // mrf-chunks has already named the signal that ended its filter, and its status is no shell's word for a
    // signal.
    const bool is_explained = job.outcome->signal() == 0 && is_chunks_job(plan_.jobs[at]);
    std::string how =
        is_explained ? fmt::format("exit status {}", job.outcome->status()) : job.outcome->describe();
    if (is_combining(at)) how = fmt::format("{} ended with {}", shown_command(at), how);
    base::say(fmt::format("cannot finish '{}': {}{}{}{}", name, how, hint, who_left(supervisor, at),
                          kept(at, job)));
    say_hint(plan_.jobs[at], job);
  }

  // Whether the reader of what the run writes has gone. That needs no message, as with any filter.
  bool is_output_left(const Supervisor& supervisor, std::size_t at) const {
    if (lacks_reader(io::FdRef(STDOUT_FILENO))) return true;
    return plan_.results.size() == 1 && !supervisor.fifos().lost_reader(at) &&
           leads_to_no_reader(workspace_.result_path(plan_.results[0]));
  }

  // Whether it is the command of --combine, whose user has not given it the name of its job.
  bool is_combining(std::size_t at) const {
    return options_.is_short_form && plan_.jobs[at].name == "combine";
  }
  std::string shown_command(std::size_t at) const {
    return fmt::format("'{}'", workflow::command_name(plan_.jobs[at]));
  }

  // Where the failure was kept, for the end of a message. A failure that cannot be kept does not change the
  // status of the run.
  std::string kept(std::size_t at, const Job& job) const {
    if (options_.keep_failed.empty() || job.failure) return "";
    try {
      const std::string kept = keep_failed_job(options_.keep_failed, plan_, workspace_, at, job);
      return kept.empty() ? "" : "; " + kept;
    } catch (const base::Error& error) {
      base::say(error.what());
      return "";
    }
  }

  void say_hint(const workflow::PlannedJob& planned, const Job& job) const {
    if (!job.standard_error || job.failure) return;
    const auto& lines = job.standard_error->last_lines();
    for (const workflow::FailureHint& hint : options_.hints) {
      if (hint.job != planned.name) continue;
      if (hint.is_of_first_copy && planned.number.value_or(0) != 0) continue;
      const auto holds = [&hint](const std::string& line) {
        return line.find(hint.holds) != std::string::npos;
      };
      if (!hint.holds.empty() && std::none_of(lines.begin(), lines.end(), holds)) continue;
      base::say(hint.text);
      return;
    }
  }

  Json report(const Supervisor& supervisor, int status, bool is_published) {
    if (!tools_) tools_.emplace(plan_, workspace_);
    return make_report(plan_, supervisor, *tools_, status, is_published);
  }

  template <typename Steps>
  static int status_of(const Steps& steps) {
    try {
      steps();
      return 0;
    } catch (const base::ClosedOutput&) {
      return base::signal_status_base + SIGPIPE;
    } catch (const base::Error& error) {
      base::say(error.what());
      return static_cast<int>(error.status());
    }
  }

  // Writes the report: to a device or a FIFO once only, and never a second time after a failed write.
  void write_report(const Json& report) {
    if (!std::exchange(can_report_, false)) return;
    const std::string text = report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    io::Meter meter;
    if (direct_report_) {
      io::write_all(direct_report_->fd(), direct_report_->name(), text, meter);
      direct_report_->finish();
      return;
    }
    const std::string& name = options_.report_path;
    io::Fd file = io::open_file(workspace_.report_path(), O_WRONLY | O_CREAT | O_TRUNC);
    io::write_all(file, name, text, meter);
    if (const int error = file.close(); error != 0) throw base::SystemError("write", name, error);
    can_report_ = true;
  }

  // A standard error that cannot be written does not change the status of the run.
  static void show_table(const Json& report) {
    try {
      io::Meter meter;
      io::write_all(io::FdRef(STDERR_FILENO), "standard error",
                    report::table(report::flow_of(report, "report")), meter);
    } catch (const base::Error&) {
    }
  }

  const workflow::Plan& plan_;
  const RunOptions& options_;
  Workspace& workspace_;
  std::optional<io::OutputFile>& direct_report_;
  bool can_report_;
  std::optional<ToolStats> tools_;  // when all jobs have ended
  Json failed_;                     // the name of the first job that failed, or null
};

// A report that goes straight to a pipe, a device or standard output is opened before the signals are
// blocked: a FIFO waits for its reader.
std::optional<io::OutputFile> open_direct_report(const std::string& path) {
  if (path.empty()) return std::nullopt;
  io::OutputFile file(path);
  if (!file.is_direct()) return std::nullopt;
  return file;
}

}  // namespace

RunEnd carry_out(const workflow::Plan& plan, const RunOptions& options) {
  if (!options.keep_failed.empty()) process::check_keep_directory(options.keep_failed);
  auto direct_report = open_direct_report(options.report_path);
  process::block_run_signals();
  Workspace workspace(plan, direct_report ? "" : options.report_path);
  return WorkflowRun(plan, options, workspace, direct_report)();
}

int run_plan(const workflow::Plan& plan, const RunOptions& options) {
  const RunEnd end = carry_out(plan, options);
  if (end.signal != 0) process::die_of(end.signal);
  return end.status;
}

}  // namespace mrf::run
