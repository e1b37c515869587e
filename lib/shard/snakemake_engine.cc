// SPDX-License-Identifier: MIT
#include "shard/snakemake_engine.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "base/error.h"
#include "base/message.h"
#include "base/processors.h"
#include "io/output_file.h"
#include "process/child.h"
#include "shard/shard_log.h"
#include "shard/snakefile.h"

namespace mrf::shard {

namespace {

using namespace std::chrono_literals;

// Snakemake asks the scheduler to end what it has submitted, job after job.
constexpr auto time_to_cancel = 30s;
constexpr std::size_t most_shards_told = 3;
constexpr std::size_t lines_of_log = 10;
constexpr std::size_t lines_of_snakemake = 15;

bool says_how_many(const std::vector<std::string>& arguments) {
  constexpr std::array words{"--cores", "--jobs", "--profile"};
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& word) {
    return word.starts_with("-j") || word.starts_with("-c") ||
           std::any_of(words.begin(), words.end(), [&](const char* option) {
             return word == option || word.starts_with(std::string(option) + "=");
           });
  });
}

void remove_logs(const EngineTask& task) {
  const auto logs = task.directory.names_of_logs();
  for (const std::size_t shard : task.shards) {
    if (logs.contains(fmt::format("{}.log", shard))) remove_log(task.directory, shard);
  }
}

// The shards without a receipt that have been started: each has a log, and older logs were removed. One look
// at the directory, however many shards there are.
std::vector<std::size_t> started(const EngineTask& task) {
  auto shards = task.directory.missing(task.plan);
  const auto logs = task.directory.names_of_logs();
  std::erase_if(shards, [&logs](std::size_t shard) { return !logs.contains(fmt::format("{}.log", shard)); });
  return shards;
}

void say_lines(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    base::say_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Why shards have no receipts, in their own words, or when none was started in those of Snakemake.
void say_why(const EngineTask& task, const process::AttendedEnd& end) {
  const auto shards = started(task);
  for (std::size_t at = 0; at < std::min(shards.size(), most_shards_told); ++at) {
    const std::string lines = end_of_log(task.directory, shards[at], lines_of_log);
    base::say(fmt::format("cannot finish 'shard {}': it has no receipt; its log is '{}'{}", shards[at],
                          log_path(task.directory, shards[at]), lines.empty() ? "" : " and ends with"));
    say_lines(lines);
  }
  if (!shards.empty() && shards.back() > 0) base::warn(std::string(counting_note));
  if (!shards.empty() || end.outcome.succeeded()) return;
  const std::string lines = last_lines(end.errors, lines_of_snakemake);
  base::say(fmt::format("cannot finish 'snakemake': {}{}", end.outcome.describe(),
                        lines.empty() ? "" : "; it ended with"));
  say_lines(lines);
}

}  // namespace

std::vector<std::string> snakemake_words(const std::string& directory,
                                         const std::vector<std::string>& arguments, std::size_t processors) {
  // The target comes first, since some options take all words up to the next option.
  std::vector<std::string> words{"env",
                                 "-C",
                                 directory,
                                 "snakemake",
                                 "shards",
                                 "--keep-going",
                                 "--keep-incomplete",
                                 "--ignore-incomplete",
                                 "--nolock",
                                 "--rerun-triggers",
                                 "mtime",
                                 "--snakefile",
                                 directory + "/Snakefile"};
  if (!says_how_many(arguments)) words.insert(words.end(), {"--cores", std::to_string(processors)});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

EngineEnd SnakemakeEngine::run(const EngineTask& task, process::Attendant& attendant) {
  const std::string place = task.directory.path() + "/snakemake";
  const std::string program = words_of_join(task.directory)[0];
  const std::string text =
      snakefile_text({program, task.directory.path(), output_, task.plan.shards(), threads_});
  make_directory(place);
  remove_logs(task);
  refuse_foreign_file(place + "/Snakefile", snakefile_mark);
  io::write_output(place + "/Snakefile", text);
  process::AttendedCommand command;
  command.words = snakemake_words(place, arguments_, static_cast<std::size_t>(base::usable_processors()));
  command.keeps_output = true;
  command.keeps_errors = base::verbosity() != base::Verbosity::verbose;
  // At TERM snakemake waits for the end of its jobs, at INT it ends them.
  command.end_signal = process::is_ignored(SIGINT) ? SIGTERM : SIGINT;
  command.more_to_kill_after = time_to_cancel;
  const auto end = attendant.run(command, [&task] {
    task.directory.renew();
    task.progress.update([&task] { return started(task).size(); });
  });
  if (end.signal != 0) return {0, end.signal};
  if (end.outcome.status() == static_cast<int>(base::Status::not_found))
    throw base::Error(base::Status::not_found, "execute", "snakemake", "no such command in PATH");
  task.directory.renew();
  if (task.is_last) say_why(task, end);
  return {};
}

}  // namespace mrf::shard
