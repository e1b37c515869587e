// SPDX-License-Identifier: MIT
#include "shard/engine.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/environment.h"
#include "base/error.h"
#include "base/message.h"
#include "base/own_program.h"
#include "io/paths.h"
#include "shard/report.h"

namespace mrf::shard {

namespace {

constexpr const char* program_name = "mrf-run";
constexpr std::size_t most_named = 10;

// Whether the first program of that name in PATH is the file of this process.
bool is_in_path(const std::string& own) {
  const std::string path = base::environment("PATH");
  struct stat self {};
  if (::stat(own.c_str(), &self) != 0) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    struct stat found {};
    const std::string candidate = path.substr(at, end - at) + "/" + program_name;
    if (::stat(candidate.c_str(), &found) == 0)
      return found.st_dev == self.st_dev && found.st_ino == self.st_ino;
    at = end + 1;
  }
  return false;
}

std::string own_program() {
  const std::string own = base::program_beside(program_name);
  return is_in_path(own) ? program_name : own;
}

std::vector<std::string> words_of(const Directory& directory, std::vector<std::string> step) {
  std::vector<std::string> words{own_program()};
  words.insert(words.end(), step.begin(), step.end());
  words.insert(words.end(), {"--shard-dir", directory.path()});
  return words;
}

std::string names_of(const std::vector<std::size_t>& shards) {
  std::string names;
  for (std::size_t at = 0; at < shards.size() && at < most_named; ++at) {
    names += (at > 0 ? " " : "") + std::to_string(shards[at]);
  }
  return shards.size() > most_named ? names + " ..." : names;
}

// A directory that cannot be read by then changes nothing of the end.
void tell_of_cancellation(const Plan& plan, const Directory& directory) {
  try {
    const std::size_t done = plan.shards() - directory.missing(plan).size();
    base::warn(
        fmt::format("cancelled; {} of {} shards are done; the same command continues", done, plan.shards()));
  } catch (const base::SystemError&) {
  }
}

// How the last attempts at these shards failed, by the reports of their runs, of those attempts that are not
// among the ones that were begun `before`.
struct FailedAttempts {
  int first_status = 0;  ///< of the lowest shard whose status is known; 0: none is
  bool has_bad_data = false;
};

FailedAttempts failed_attempts(const Directory& directory, const std::vector<std::size_t>& shards,
                               const std::vector<Attempts>& before) {
  const auto attempts = directory.attempts(before.size());
  FailedAttempts failed;
  for (const std::size_t shard : shards) {
    const std::string& part = attempts[shard].last_part;
    if (part.empty() || part == before[shard].last_part) continue;
    const int status = status_of_run(read_file(directory.attempt_path(part)).value_or(""));
    if (failed.first_status == 0) failed.first_status = status;
    failed.has_bad_data = failed.has_bad_data || status == static_cast<int>(base::Status::bad_data);
  }
  return failed;
}

}  // namespace

std::vector<std::string> words_of_run(const Directory& directory, std::size_t shard) {
  return words_of(directory, {"--shard-run", std::to_string(shard)});
}

std::vector<std::string> words_of_join(const Directory& directory) {
  return words_of(directory, {"--shard-join"});
}

EngineEnd run_shards(Engine& engine, const StoredPlan& stored, const Directory& directory,
                     std::uint64_t retries, process::Attendant& attendant, Progress& progress) {
  const Plan& plan = stored.plan;
  const auto before = directory.attempts(plan.shards());
  for (std::uint64_t round = 0;; ++round) {
    auto missing = directory.missing(plan);
    if (missing.empty()) return {};
    EngineEnd end = engine.run({plan, directory, missing, round == retries, progress}, attendant);
    if (end.signal != 0) {
      tell_of_cancellation(plan, directory);
      return end;
    }
    if (!has_plan(directory, stored.digest)) throw_lost_plan(directory);
    missing = directory.missing(plan);
    if (missing.empty()) return {};
    const std::string text =
        fmt::format("{} of {} shards have no receipt: {}", missing.size(), plan.shards(), names_of(missing));
    if (round < retries) {
      base::warn(fmt::format("{}; they are run again", text));
      continue;
    }
    const FailedAttempts failed = failed_attempts(directory, missing, before);
    if (end.status == 0) end.status = failed.first_status;
    const bool is_bad = failed.has_bad_data || end.status == static_cast<int>(base::Status::bad_data);
    base::say(fmt::format("cannot finish '{}': {}; {}", directory.path(), text,
                          is_bad
                              ? fmt::format("with a mended filter the same command runs only these; another "
                                            "input needs another plan: remove the directory first")
                              : "the same command runs only these"));
    if (end.status == 0) end.status = static_cast<int>(base::Status::failure);
    return end;
  }
}

}  // namespace mrf::shard
