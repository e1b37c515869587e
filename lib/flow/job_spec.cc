// SPDX-License-Identifier: MIT
#include "flow/job_spec.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "flow/chunk_job.h"
#include "flow/near_name.h"
#include "stream/stats.h"
#include "sys/error.h"

namespace mrf {

namespace {

int open_flags(const Redirection& redirection) {
  if (redirection.fd == 0) return O_RDONLY;
  if (has_fifo(redirection.target)) return O_WRONLY;
  return O_WRONLY | O_CREAT | (redirection.append ? O_APPEND : O_TRUNC);
}

constexpr std::array own_names{"getm-fetch",  "mrf-bamread",    "mrf-bamwrite", "mrf-chunks",
                               "mrf-collect", "mrf-distribute", "mrf-run"};

std::string own_directory() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

// The project's programs are taken from beside this one, whatever PATH says.
std::string own_program(const std::string& word) {
  if (std::find(own_names.begin(), own_names.end(), word) == own_names.end()) return word;
  std::string path = own_directory() + "/" + word;
  return ::access(path.c_str(), X_OK) == 0 ? path : word;
}

std::string search_path() {
  const char* path = ::getenv("PATH");
  return fmt::format("PATH={}:{}", path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin", own_directory());
}

}  // namespace

std::string resolve_word(const Word& word, const Workspace& workspace) {
  std::string text;
  for (const auto& piece : word) {
    switch (piece.kind) {
      case Piece::Kind::in:
        text += workspace.in_directory() + "/" + Workspace::file_name(piece.text);
        break;
      case Piece::Kind::out:
        text += workspace.out_directory() + "/" + Workspace::file_name(piece.text);
        break;
      case Piece::Kind::save:
        text += workspace.result_path(piece.text);
        break;
      default:
        text += piece.text;
    }
  }
  return text;
}

LaunchSpec job_spec(const Plan& plan, const Workspace& workspace, std::size_t at) {
  const PlannedJob& job = plan.jobs[at];
  LaunchSpec spec;
  for (const auto& word : job.words) spec.words.push_back(resolve_word(word, workspace));
  if (is_chunk_command(spec.words[0])) {
    spec.work = [command = parse_chunk_command(spec.words)] { return run_chunks(command); };
  }
  spec.words[0] = own_program(spec.words[0]);
  for (const auto& redirection : job.redirections) {
    spec.redirections.push_back(
        {redirection.fd, open_flags(redirection), resolve_word(redirection.target, workspace)});
  }
  spec.environment.push_back(fmt::format("{}={}", stats_prefix_variable, stats_prefix(workspace, at)));
  spec.environment.push_back(search_path());
  return spec;
}

std::string stats_prefix(const Workspace& workspace, std::size_t job) {
  return fmt::format("{}/{}", workspace.stats_directory(), job);
}

std::string describe_start_failure(const LaunchSpec& spec, const StartFailure& failure) {
  if (failure.redirection < 0) {
    const std::string& word = spec.words[0];
    const bool is_unknown = failure.error_number == ENOENT && word.find('/') == std::string::npos;
    return SystemError("execute", word, failure.error_number).what() +
           (is_unknown ? did_you_mean(word, {own_names.begin(), own_names.end()}) : "");
  }
  const auto& path = spec.redirections[static_cast<std::size_t>(failure.redirection)].path;
  return SystemError("open", path, failure.error_number).what();
}

Outcome start_failure_outcome(const StartFailure& failure) {
  const Status status = failure.redirection >= 0         ? Status::failure
                        : failure.error_number == ENOENT ? Status::not_found
                                                         : Status::not_executable;
  return Outcome::of_start_failure(static_cast<int>(status));
}

}  // namespace mrf
