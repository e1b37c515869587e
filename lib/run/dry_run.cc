// SPDX-License-Identifier: MIT
#include "run/dry_run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "io/output_file.h"
#include "run/job_spec.h"
#include "run/workspace.h"
#include "workflow/short_form.h"
#include "workflow/stream_kind.h"

namespace mrf::run {

namespace {

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

void check_readable(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) throw base::SystemError("open", path);
}

void check_writable(const std::string& path) {
  if (is_directory(path)) throw base::SystemError("open", path, EISDIR);
  if (::access(path.c_str(), W_OK) == 0) return;
  if (errno != ENOENT || ::access(io::directory_of(io::follow_link(path)).c_str(), W_OK | X_OK) != 0)
    throw base::SystemError("open", path);
}

void check_redirections(const workflow::PlannedJob& job) {
  for (const auto& redirection : job.redirections) {
    if (workflow::has_reference(redirection.target)) continue;
    const std::string& path = redirection.target.at(0).text;
    redirection.fd == 0 ? check_readable(path) : check_writable(path);
  }
}

}  // namespace

void check_plan(const workflow::Plan& plan, const std::string& report) {
  const bool has_file = !report.empty() && report != "-";
  if (has_file) check_writable(report);
  const Workspace workspace(plan, has_file ? report : "");
  workspace.check();
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    if (plan.jobs[at].round > 0) continue;  // an earlier round may make what it needs
    check_command(job_spec(plan, workspace, at));
    check_redirections(plan.jobs[at]);
  }
}

void check_inputs(const workflow::ShortForm& form) {
  for (const auto& input : form.inputs) {
    if (input == "-" || workflow::is_url(input)) continue;
    if (is_directory(input)) throw base::SystemError("read", input, EISDIR);
    check_readable(input);
  }
  if (!form.reference.empty() && !workflow::is_url(form.reference)) check_readable(form.reference);
}

}  // namespace mrf::run
