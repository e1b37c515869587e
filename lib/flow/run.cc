// SPDX-License-Identifier: MIT
#include "flow/run.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <exception>

#include "flow/descendants.h"
#include "flow/guard.h"
#include "flow/report.h"
#include "flow/run_signals.h"
#include "flow/tool_stats.h"
#include "flow/workspace.h"
#include "sys/error.h"
#include "sys/io.h"
#include "sys/message.h"
#include "sys/output_file.h"

namespace mrf {

namespace {

bool is_output_closed() {
  pollfd polled{STDOUT_FILENO, 0, 0};
  return ::poll(&polled, 1, 0) > 0 && (polled.revents & POLLERR) != 0;
}

class WorkflowRun {
 public:
  WorkflowRun(const Plan& plan, const RunOptions& options, Workspace& workspace)
      : plan_(plan), options_(options), workspace_(workspace) {}

  // The whole of the supervisor's process.
  int operator()() {
    int status = static_cast<int>(Status::failure);
    int ended_by = 0;
    try {
      workspace_.make(plan_);
      if (options_.keep_directory) note(fmt::format("FIFOs are in '{}'", workspace_.directory()));
      Supervisor supervisor(plan_, workspace_, options_.supervisor);
      supervisor.run();
      ended_by = supervisor.ended_by();
      status = conclude(supervisor);
    } catch (const Error& error) {
      say(error.what());
      status = static_cast<int>(error.status());
    } catch (const std::exception& error) {
      say(fmt::format("cannot finish 'run': {}", error.what()));
    }
    kill_descendants();
    workspace_.remove(options_.keep_directory);
    if (ended_by != 0) die_of(ended_by);
    return status;
  }

 private:
  int conclude(const Supervisor& supervisor) {
    int status = supervisor.status();
    if (const auto job = supervisor.first_failure()) {
      const Outcome& outcome = *supervisor.jobs()[*job].outcome;
      // Standard output that closes early is no news, as for any filter.
      if (!outcome.is_broken_pipe() || !is_output_closed()) {
        say(fmt::format("cannot finish '{}': {}", plan_.jobs[*job].display_name(), outcome.describe()));
      }
    }
    if (status == 0) status = publish();
    if (!options_.report_path.empty() || options_.show_table) {
      const Json report = make_report(plan_, supervisor, ToolStats(plan_, workspace_), status);
      if (options_.show_table) write_table(report_table(report));
      if (!options_.report_path.empty()) {
        write_output(options_.report_path, report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
      }
    }
    return status;
  }

  int publish() {
    try {
      workspace_.publish();
      return 0;
    } catch (const Error& error) {
      say(error.what());
      return static_cast<int>(error.status());
    }
  }

  static void write_table(const std::string& table) {
    Meter meter;
    write_all(FdRef(STDERR_FILENO), "standard error", table, meter);
  }

  const Plan& plan_;
  const RunOptions& options_;
  Workspace& workspace_;
};

}  // namespace

int run_plan(const Plan& plan, const RunOptions& options) {
  block_run_signals();
  Workspace workspace(plan);
  return run_guarded(WorkflowRun(plan, options, workspace),
                     [&] { workspace.remove(options.keep_directory); });
}

}  // namespace mrf
