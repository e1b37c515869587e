// SPDX-License-Identifier: MIT
#include "shard/steps.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/error.h"
#include "io/paths.h"
#include "shard/digest.h"

namespace mrf::shard {

namespace {

constexpr std::uint64_t most_shards = 100000;

using Pieces = std::vector<base::CommandPiece>;

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, const base::CommandPiece& piece) {
  return std::find(names.begin(), names.end(), piece.option) != names.end();
}

bool has_option(const Pieces& pieces, std::string_view name) {
  return std::any_of(pieces.begin(), pieces.end(),
                     [name](const base::CommandPiece& piece) { return piece.option == name; });
}

bool asks_for_step(const base::CommandPiece& piece) {
  constexpr std::array<std::string_view, 4> steps{"--shard-status", "--shard-join", "--shard-run",
                                                  "--shard-read"};
  return is_one_of(steps, piece);
}

// What a step takes besides the command of its plan: a shard that is run with other words than the others
// would make an output that no command makes.
void refuse_words_of_command(const Pieces& own) {
  constexpr std::array<std::string_view, 19> taken{
      "--shard-mate",    "--shard-status",  "--shard-join", "--quiet",      "--verbose",
      "--help",          "--version",       "--shard-run",  "--shard-read", "--shard-dir",
      "--shard-landing", "--cpus",          "--report",     "--progress",   "--stats",
      "--kill-after",    "--stall-timeout", "--pipe-size",  "--write-index"};
  for (const auto& piece : own) {
    if (piece.option == "--")
      throw base::UsageError("use", "--", "a step of a plan takes the filter from the plan");
    if (!is_one_of(taken, piece))
      throw base::UsageError("use", piece.words[0], "a step of a plan takes the command from the plan");
  }
  if (has_option(own, "--write-index") && !has_option(own, "--shard-join"))
    throw base::UsageError("use option", "--write-index", "it goes with --shards and with --shard-join");
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

std::optional<Step> take_step(const std::vector<std::string>& words, const base::CommandSplitter& split) {
  const Pieces own = split(words);
  if (std::none_of(own.begin(), own.end(), asks_for_step) || has_option(own, "--help")) return std::nullopt;
  // Their paths are those of this process, and the command's those of its own working directory.
  constexpr std::array<std::string_view, 3> with_path{"--shard-dir", "--shard-landing", "--report"};
  std::string path;
  Step step;
  for (const auto& piece : own) {
    if (is_one_of(with_path, piece)) {
      const bool is_stream = piece.value == "-" || piece.value.empty();
      const std::string place = is_stream ? piece.value : io::absolute_path(piece.value);
      if (piece.option == "--shard-dir") path = place;
      step.words.insert(step.words.end(), {piece.option, place});
    } else {
      step.words.insert(step.words.end(), piece.words.begin(), piece.words.end());
    }
  }
  if (path.empty()) refuse("--shard-dir", "a step of a plan needs it");
  refuse_words_of_command(own);
  step.stored = read_plan(Directory(path));
  const Plan& plan = step.stored.plan;
  if (::chdir(plan.directory.c_str()) != 0) throw base::SystemError("enter", plan.directory);
  if (plan.writes_index && has_option(own, "--shard-join") && !has_option(own, "--write-index"))
    step.words.emplace_back("--write-index");
  // These options change nothing of a part, and the step's own values count.
  constexpr std::array<std::string_view, 4> of_step{"--cpus", "--kill-after", "--pipe-size",
                                                    "--stall-timeout"};
  for (const auto& piece : split(plan.arguments)) {
    if (!is_one_of(of_step, piece) || !has_option(own, piece.option))
      step.words.insert(step.words.end(), piece.words.begin(), piece.words.end());
  }
  return step;
}

StoredPlan read_plan(const Directory& directory) {
  const auto text = directory.read_plan();
  if (!text)
    throw base::Error(base::Status::failure, "use", directory.path(),
                      "no shards are there: they have been joined, or were never planned");
  return {parse_plan(*text, directory.plan_path()), digest_of(*text)};
}

bool has_plan(const Directory& directory, const std::string& digest) {
  const auto text = directory.read_plan();
  return text && digest_of(*text) == digest;
}

void throw_lost_plan(const Directory& directory) {
  throw base::Error(
      base::Status::failure, "use", directory.path(),
      "its plan is gone, or another one is there: another run has joined the shards, or somebody "
      "has removed it");
}

std::optional<StoredPlan> matching_plan(const Directory& directory, const Plan& wanted) {
  const auto text = directory.read_plan();
  if (!text) return std::nullopt;
  StoredPlan stored{{}, digest_of(*text)};
  try {
    stored.plan = parse_plan(*text, directory.plan_path());
  } catch (const base::DataError&) {
    throw base::UsageError(
        "use", directory.path(),
        is_plan_of_other_version(*text)
            ? "another version of mrf-run has planned its shards; remove the directory and plan again, "
              "or name another directory with --shard-dir"
            : "its plan.json is not a plan of shards, or is damaged; name another directory "
              "with --shard-dir");
  }
  const std::string fault = difference(stored.plan, wanted);
  if (!fault.empty())
    throw base::UsageError(
        "use", directory.path(),
        fmt::format("{}; remove the directory '{}' to plan again, or name another one with --shard-dir",
                    fault, directory.path()));
  return stored;
}

StoredPlan publish_plan(const Directory& directory, const Plan& plan) {
  directory.make();
  directory.publish_plan(plan_text(plan));
  auto stored = matching_plan(directory, plan);
  if (!stored) throw base::SystemError("open", directory.plan_path(), ENOENT);
  return *std::move(stored);
}

void remove_parts(const Directory& directory, const Receipt& receipt) {
  directory.remove_part(receipt.part);
  if (!receipt.mate_part.empty()) directory.remove_part(receipt.mate_part);
}

void publish_part(const Directory& directory, const Receipt& receipt, bool may_differ) {
  if (!has_plan(directory, receipt.plan)) {
    remove_parts(directory, receipt);
    throw_lost_plan(directory);
  }
  if (directory.publish_receipt(receipt)) return;
  const auto first = directory.read_receipt(receipt.shard);
  if (first && first->part == receipt.part) return;
  remove_parts(directory, receipt);
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
