// SPDX-License-Identifier: MIT
#include "shard/steps.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "shard/digest.h"
#include "shard/join.h"

namespace mrf::shard {

namespace {

constexpr std::uint64_t most_shards = 100000;

// The value of an option that is at words[at], "--option VALUE" or "--option=VALUE".
std::optional<std::string> value_of(const std::vector<std::string>& words, std::size_t at,
                                    const std::string& option) {
  if (words[at] == option) return at + 1 < words.size() ? std::optional(words[at + 1]) : std::nullopt;
  if (words[at].starts_with(option + "=")) return words[at].substr(option.size() + 1);
  return std::nullopt;
}

bool asks_for_step(const std::string& word) {
  constexpr std::array alone{"--shard-status", "--shard-join"};
  constexpr std::array with_value{"--shard-run", "--shard-read"};
  return std::any_of(alone.begin(), alone.end(), [&](const char* option) { return word == option; }) ||
         std::any_of(with_value.begin(), with_value.end(), [&](const char* option) {
           return word == option || word.starts_with(std::string(option) + "=");
         });
}

// Where the words of the filter or of --combine begin.
std::vector<std::string>::const_iterator end_of_options(const std::vector<std::string>& words) {
  return std::find_if(words.begin(), words.end(),
                      [](const std::string& word) { return word == "--" || word == "--combine"; });
}

bool says_cpus(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word == "--cpus" || word.starts_with("--cpus="); });
}

// The words of a command without what they say of processors: the step says it.
std::vector<std::string> without_cpus(const std::vector<std::string>& words) {
  std::vector<std::string> rest;
  const auto end = end_of_options(words);
  for (auto word = words.begin(); word != end; ++word) {
    if (*word == "--cpus" && word + 1 != end) {
      ++word;
    } else if (!word->starts_with("--cpus=")) {
      rest.push_back(*word);
    }
  }
  rest.insert(rest.end(), end, words.end());
  return rest;
}

// What a step takes besides the command of its plan: a shard that is run with other words than the others
// would make an output that no command makes.
void refuse_words_of_command(const std::vector<std::string>& own, bool has_filter) {
  constexpr std::array alone{"--shard-mate", "--shard-status", "--shard-join", "--quiet",
                             "-v",           "--verbose",      "--help",       "--version"};
  constexpr std::array with_value{"--shard-run",  "--shard-read",    "--shard-dir", "--shard-landing",
                                  "--cpus",       "--report",        "--progress",  "--stats",
                                  "--kill-after", "--stall-timeout", "--pipe-size"};
  const auto is_one_of = [](const auto& names, const std::string& word) {
    return std::find(names.begin(), names.end(), word) != names.end();
  };
  bool is_value = false;
  for (const std::string& word : own) {
    const bool may_be_value = std::exchange(is_value, false);
    const std::string name = word.substr(0, word.find('='));
    if (is_one_of(alone, word) || (name != word && is_one_of(with_value, name))) continue;
    is_value = is_one_of(with_value, word);
    if (!is_value && !(may_be_value && (word == "-" || !word.starts_with('-'))))
      throw base::UsageError("use", word, "a step of a plan takes the command from the plan");
  }
  if (has_filter) throw base::UsageError("use", "--", "a step of a plan takes the filter from the plan");
}

void remove_part(const Directory& directory, const Receipt& receipt) {
  directory.remove_part(receipt.part);
  if (!receipt.mate_part.empty()) directory.remove_part(receipt.mate_part);
}

[[noreturn]] void refuse(const char* option, const char* reason) {
  throw base::UsageError("use option", option, reason);
}

}  // namespace

void check(const StepOptions& options) {
  const int steps = options.shows_status + options.joins + options.run.has_value() + options.read.has_value();
  if (steps > 1)
    throw base::UsageError("use", "command line",
                           "it takes one of --shard-run, --shard-status, --shard-join and --shard-read");
  if (options.is_step() && options.shards) refuse("--shards", "the plan has the number of shards");
  if (options.is_step() && options.prints_snakefile) refuse("--print-snakefile", "it goes with --shards");
  if (options.is_step() && options.plans) refuse("--shard-plan", "the plan is there already");
  if (!options.landing.empty() && !options.read) refuse("--shard-landing", "it goes with --shard-read");
  if (options.is_step() && options.prints_sbatch) refuse("--print-sbatch", "it goes with --shards");
  if (options.is_step() && options.detaches) refuse("--detach", "it goes with --shards");
  if (options.reads_mate && !options.read) refuse("--shard-mate", "it goes with --shard-read");
  if (options.is_step()) return;
  if (options.shards.value_or(0) == 0 || *options.shards > most_shards)
    refuse("--shards", "the options of shards need --shards N, a number from 1 to 100000");
  constexpr std::array engines{"local", "slurm", "snakemake"};
  if (!options.engine.empty() && std::find(engines.begin(), engines.end(), options.engine) == engines.end())
    refuse("--engine", "not an engine: local, slurm and snakemake are");
  if (!options.engine_args.empty() && (options.engine.empty() || options.engine == "local") &&
      !options.prints_sbatch)
    refuse("--engine-args", "only the engines slurm and snakemake take words");
  if (options.detaches && options.engine != "slurm") refuse("--detach", "it goes with --engine slurm");
  if (options.prints_sbatch && (options.plans || options.prints_snakefile || !options.engine.empty()))
    refuse("--print-sbatch", "it goes without --engine, --print-snakefile and --shard-plan");
  if (options.prints_snakefile && (options.plans || !options.engine.empty()))
    refuse("--print-snakefile", "it goes without --engine and --shard-plan");
}

std::optional<Step> take_step(const std::vector<std::string>& words) {
  const auto end = end_of_options(words);
  if (std::none_of(words.begin(), end, asks_for_step)) return std::nullopt;
  std::string path;
  Step step;
  const std::vector<std::string> own(words.begin(), end);
  // Their paths are those of this process, and the command's those of its own working directory.
  const std::vector<std::string> with_path{"--shard-dir", "--shard-landing", "--report"};
  for (std::size_t at = 0; at < own.size(); ++at) {
    const std::string* option = nullptr;
    for (const auto& one : with_path) {
      const auto value = value_of(own, at, one);
      if (!value) continue;
      option = &one;
      const std::string place = *value == "-" ? *value : std::filesystem::absolute(*value).string();
      if (one == "--shard-dir") path = place;
      step.words.insert(step.words.end(), {one, place});
      if (own[at] == one) ++at;
      break;
    }
    if (option == nullptr) step.words.push_back(own[at]);
  }
  if (std::find(own.begin(), own.end(), "--help") != own.end()) return std::nullopt;
  if (path.empty()) refuse("--shard-dir", "a step of a plan needs it");
  refuse_words_of_command(own, end != words.end());
  step.stored = read_plan(Directory(path));
  const Plan& plan = step.stored.plan;
  if (::chdir(plan.directory.c_str()) != 0) throw base::SystemError("enter", plan.directory);
  const auto command = says_cpus(own) ? without_cpus(plan.arguments) : plan.arguments;
  step.words.insert(step.words.end(), command.begin(), command.end());
  return step;
}

StoredPlan read_plan(const Directory& directory) {
  const auto text = directory.read_plan();
  if (!text) throw base::SystemError("open", directory.plan_path(), ENOENT);
  return {parse_plan(*text, directory.plan_path()), digest_of(*text)};
}

std::optional<StoredPlan> matching_plan(const Directory& directory, const Plan& wanted) {
  if (!directory.read_plan()) return std::nullopt;
  StoredPlan stored = read_plan(directory);
  const std::string fault = difference(stored.plan, wanted);
  if (!fault.empty())
    throw base::UsageError("use", directory.path(),
                           fault + "; remove it, or name another directory with --shard-dir");
  return stored;
}

StoredPlan publish_plan(const Directory& directory, const Plan& plan) {
  directory.make();
  directory.publish_plan(plan_text(plan));
  return *matching_plan(directory, plan);
}

void publish_part(const Directory& directory, Receipt receipt, bool may_differ) {
  measure_part(directory, receipt);
  if (const auto text = directory.read_plan(); !text || digest_of(*text) != receipt.plan) {
    remove_part(directory, receipt);
    throw base::Error(
        base::Status::failure, "finish", fmt::format("shard {}", receipt.shard),
        fmt::format("'{}' is no longer the plan it was run for; run the shard again", directory.plan_path()));
  }
  if (directory.publish_receipt(receipt)) return;
  const auto first = directory.read_receipt(receipt.shard);
  if (first && first->part == receipt.part) return;
  remove_part(directory, receipt);
  const bool is_same = first && first->part_digest == receipt.part_digest &&
                       first->mate_part_digest == receipt.mate_part_digest;
  if (!first || may_differ || is_same) return;
  throw base::DataError(
      "finish", fmt::format("shard {}", receipt.shard),
      "two attempts at it have different parts: the filter is not deterministic, or its program has changed");
}

std::string time_now() {
  const time_t now = ::time(nullptr);
  struct tm parts {};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace mrf::shard
