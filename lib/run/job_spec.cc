// SPDX-License-Identifier: MIT
#include "run/job_spec.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/near_name.h"
#include "base/own_program.h"
#include "base/redact.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/return_value.h"
#include "io/stats.h"
#include "process/kept_failure.h"
#include "process/outcome.h"
#include "process/producer.h"
#include "run/workspace.h"
#include "workflow/short_form.h"
#include "workflow/short_form_choice.h"
#include "workflow/stream_kind.h"

namespace mrf::run {

namespace {

int open_flags(const workflow::Redirection& redirection) {
  if (redirection.fd == 0) return O_RDONLY;
  if (workflow::has_fifo(redirection.target)) return O_WRONLY;
  return O_WRONLY | O_CREAT | (redirection.append ? O_APPEND : O_TRUNC);
}

constexpr std::array own_names{"getm-fetch",  "mrf-bamread",    "mrf-bamwrite", "mrf-chunks",
                               "mrf-collect", "mrf-distribute", "mrf-run"};

// The project's programs are taken from beside this one, whatever PATH says.
std::string program_of(const std::string& word) {
  const bool is_own = std::find(own_names.begin(), own_names.end(), word) != own_names.end();
  return is_own ? base::program_beside(word) : word;
}

constexpr std::string_view search_variable = "PATH=";

std::string search_path() {
  const char* path = ::getenv("PATH");
  return fmt::format("{}{}:{}", search_variable, path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin",
                     base::own_directory());
}

std::string hint(const std::string& word, int error_number) {
  const bool is_unknown = error_number == ENOENT && word.find('/') == std::string::npos;
  const std::string meant =
      is_unknown ? base::did_you_mean(word, {own_names.begin(), own_names.end()}) : std::string();
  return meant.empty() ? process::start_failure_hint(word, error_number) : meant;
}

// The errno with which a path cannot be executed, 0 for none.
int execution_error(const std::string& path) {
  if (::access(path.c_str(), X_OK) != 0) return errno;
  std::error_code error;
  return std::filesystem::is_directory(path, error) ? EACCES : 0;
}

// The same for a command that is searched in PATH, as execvp does.
int search_error(const std::string& word) {
  if (word.find('/') != std::string::npos) return execution_error(word);
  std::string_view directories = search_variable;
  int result = ENOENT;
  std::string path = search_path().substr(directories.size());
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const int error = execution_error((end == at ? "." : path.substr(at, end - at)) + "/" + word);
    if (error == 0) return 0;
    if (error == EACCES) result = error;
    at = end + 1;
  }
  return result;
}

void check_word(const std::string& word) {
  const int error = search_error(program_of(word));
  if (error == 0) return;
  const auto status = static_cast<base::Status>(process::start_failure_outcome({error, -1}).status());
  throw base::Error(status, "execute", word, std::generic_category().message(error) + hint(word, error));
}

// The descriptor that a result in `word` stands for, -1 for none. An open file is written where it stands:
// opened again by a path it would be written from its beginning.
int passed_descriptor(const workflow::Word& word, const Workspace& workspace) {
  for (const auto& part : word) {
    if (part.kind != workflow::WordPart::Kind::save) continue;
    if (const int fd = workspace.result_descriptor(part.text); fd >= 0) return fd;
  }
  return -1;
}

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

constexpr std::array descriptor_directories{"/dev/fd/", "/proc/self/fd/"};

// The file that a word of a filter stands for: the word itself, or the end of it after its first = (as in
// --table=FILE) or from a descriptor's name on (as in -fFILE).
std::vector<std::string> files_of(const std::string& word) {
  std::vector<std::string> files{word};
  if (const std::size_t equals = word.find('='); equals != std::string::npos)
    files.push_back(word.substr(equals + 1));
  for (const std::string_view directory : descriptor_directories) {
    if (const std::size_t at = word.rfind(directory); at != std::string::npos)
      files.push_back(word.substr(at));
  }
  return files;
}

// Whether several filters that open the path would share a pipe that they read. Standard streams are each
// filter's own, and a pipe that is only written loses nothing.
bool is_shared_pipe(const std::string& path) {
  const int fd = io::inherited_descriptor(path, false);
  if (fd >= 0 && fd <= STDERR_FILENO) return false;
  if (fd >= 0 && (::fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) return false;
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

void check_redirections(const workflow::PlannedJob& job) {
  for (const auto& redirection : job.redirections) {
    if (workflow::has_reference(redirection.target)) continue;
    const std::string& path = redirection.target.at(0).text;
    redirection.fd == 0 ? check_readable(path) : check_writable(path);
  }
}

}  // namespace

std::string resolve_word(const workflow::Word& word, const Workspace& workspace) {
  std::string text;
  for (const auto& part : word) {
    switch (part.kind) {
      case workflow::WordPart::Kind::in:
        text += workspace.in_directory() + "/" + Workspace::file_name(part.text);
        break;
      case workflow::WordPart::Kind::out:
        text += workspace.out_directory() + "/" + Workspace::file_name(part.text);
        break;
      case workflow::WordPart::Kind::save:
        text += workspace.result_path(part.text);
        break;
      default:
        text += part.text;
    }
  }
  return text;
}

namespace {

// Replaces a variable of the same name: of two, a command may look at the first or at the last.
void set_variable(process::LaunchSpec& spec, const std::string& variable) {
  const std::string name = variable.substr(0, variable.find('=') + 1);
  std::erase_if(spec.environment, [&name](const std::string& one) { return one.starts_with(name); });
  spec.environment.push_back(variable);
}

}  // namespace

process::LaunchSpec job_spec(const workflow::Plan& plan, const Workspace& workspace, std::size_t at) {
  const workflow::PlannedJob& job = plan.jobs[at];
  process::LaunchSpec spec;
  for (const auto& word : job.words) {
    spec.words.push_back(resolve_word(word, workspace));
    if (const int fd = passed_descriptor(word, workspace); fd >= 0)
      spec.passed.push_back({fd, io::FdRef(fd)});
  }
  spec.words[0] = program_of(spec.words[0]);
  for (const auto& redirection : job.redirections) {
    if (const int fd = passed_descriptor(redirection.target, workspace); fd >= 0) {
      spec.passed.push_back({redirection.fd, io::FdRef(fd)});
      continue;
    }
    spec.redirections.push_back({redirection.fd, open_flags(redirection),
                                 resolve_word(redirection.target, workspace),
                                 workflow::has_fifo(redirection.target)});
  }
  spec.environment.push_back(fmt::format("{}={}", io::stats_prefix_variable, stats_prefix(workspace, at)));
  spec.environment.push_back(search_path());
  if (job.number) {
    spec.environment.push_back(fmt::format("MRF_WORKER={}", *job.number));
    spec.environment.push_back(fmt::format("MRF_WORKERS={}", job.count));
  }
  spec.environment.push_back(fmt::format("{}={}", io::result_variable, result_path(workspace, at)));
  for (const auto& variable : job.environment) {
    set_variable(spec, resolve_word(variable, workspace));
    if (const int fd = passed_descriptor(variable, workspace); fd >= 0)
      spec.passed.push_back({fd, io::FdRef(fd)});
  }
  return spec;
}

std::string stats_prefix(const Workspace& workspace, std::size_t job) {
  return fmt::format("{}/{}", workspace.stats_directory(), job);
}

std::string result_path(const Workspace& workspace, std::size_t job) {
  return fmt::format("{}/{}", workspace.results_directory(), job);
}

std::string describe_start_failure(const process::LaunchSpec& spec, const process::StartFailure& failure) {
  if (failure.redirection < 0) {
    const std::string& word = spec.words[0];
    return base::SystemError("execute", word, failure.error_number).what() + hint(word, failure.error_number);
  }
  const auto& path = spec.redirections[static_cast<std::size_t>(failure.redirection)].path;
  return base::SystemError("open", path, failure.error_number).what();
}

bool is_command(const std::string& word) { return search_error(program_of(word)) == 0; }

void check_command(const process::LaunchSpec& spec) {
  check_word(spec.words[0]);
  if (std::filesystem::path(spec.words[0]).filename() != "mrf-chunks") return;
  // What stands behind -- is started by mrf-chunks.
  const auto dashes = std::find(spec.words.begin(), spec.words.end(), "--");
  if (dashes != spec.words.end() && dashes + 1 != spec.words.end()) check_word(*(dashes + 1));
}

void check_plan(const workflow::Plan& plan, const std::string& report, const std::string& keep_failed) {
  if (!keep_failed.empty()) process::check_keep_directory(keep_failed);
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

namespace {

bool uses_reference(const workflow::ShortForm& form) {
  const workflow::ShortFormChoice choice = workflow::choose(form);
  const std::array formats{choice.input.format, choice.output.format, workflow::kind_of(form.missing).format};
  return std::find(formats.begin(), formats.end(), "cram") != formats.end();
}

// mrf-bamread tells flags, expressions and regions that it does not take, of a file before the first record.
// A pipe would be used up by that.
void check_selection_of(const workflow::ShortForm& form) {
  std::vector<std::string> words{base::program_beside("mrf-bamread"), "-H", "-o", "/dev/null"};
  const auto selection = form.selection.words();
  std::error_code error;
  const auto is_regular = [&](const std::string& path) {
    return std::filesystem::is_regular_file(path, error);
  };
  const std::string& bed = form.selection.bed;
  if (selection.empty() || !is_regular(form.inputs[0]) || (!bed.empty() && !is_regular(bed))) return;
  words.insert(words.end(), selection.begin(), selection.end());
  if (form.is_permissive) words.emplace_back("--permissive");
  words.push_back(form.inputs[0]);
  process::Producer reader(std::move(words));
  const process::Outcome outcome = reader.wait();
  if (!outcome.succeeded())
    throw base::Error(static_cast<base::Status>(outcome.status()), "finish", "read", outcome.describe());
}

}  // namespace

void check_inputs(const workflow::ShortForm& form) {
  if (form.inputs.empty()) return;  // a workflow's own
  for (const auto& input : form.inputs) {
    if (input == "-" || base::is_url(input)) continue;
    if (is_directory(input)) throw base::SystemError("read", input, EISDIR);
    check_readable(input);
  }
  const bool needs_reference = uses_reference(form);
  if (needs_reference && !form.reference.empty() && !base::is_url(form.reference))
    check_readable(form.reference);
  if (const std::string& bed = form.selection.bed; !bed.empty() && bed != "-") {
    if (is_directory(bed)) throw base::SystemError("read", bed, EISDIR);
    check_readable(bed);
  }
  check_selection_of(form);
}

void refuse_shared_pipes(const workflow::ShortForm& form, const std::string& order) {
  if (order != "chunk" && form.workers == 1) return;
  std::vector<std::string> words = form.command;
  if (order != "chunk") std::erase_if(words, workflow::has_copy_number);
  refuse_shared_pipes(words, "the filter");
}

void refuse_shared_pipes(const std::vector<std::string>& words, std::string_view command) {
  for (const auto& word : words) {
    const auto files = files_of(word);
    if (std::none_of(files.begin(), files.end(), is_shared_pipe)) continue;
    throw base::UsageError(
        "use word", word,
        fmt::format("it is a pipe, and {} runs more than once: each run would read a part of it; "
                    "write its data to a file, and give the file's name",
                    command));
  }
}

}  // namespace mrf::run
