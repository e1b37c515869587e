// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/command_piece.h"
#include "shard/directory.h"
#include "shard/plan.h"

namespace mrf::shard {

/// The options of mrf-run about shards (mrf-run(1), Options of shards).
struct StepOptions {
  std::optional<std::uint64_t> shards;
  std::string engine;       ///< empty: not given
  std::string engine_args;  ///< words for the engine, as sh reads them
  std::string directory;    ///< empty: OUTPUT.shards
  bool plans = false;
  bool detaches = false;
  bool prints_sbatch = false;
  bool prints_snakefile = false;
  bool shows_status = false;
  bool joins = false;
  std::optional<std::uint64_t> run;
  std::optional<std::uint64_t> read;
  std::string landing;
  bool reads_mate = false;

  /// Whether it is one of the steps that take the command from a plan.
  bool is_step() const { return shows_status || joins || run || read; }
  bool is_any() const {
    return shards || plans || detaches || prints_sbatch || prints_snakefile || is_step() ||
           !directory.empty() || !engine.empty() || !engine_args.empty() || !landing.empty();
  }
};

/// Throws UsageError for options that contradict each other.
void check(const StepOptions& options);

/// A plan and its digest.
struct StoredPlan {
  Plan plan;
  std::string digest;
};
/// That in `directory`. Throws Error when there is none.
StoredPlan read_plan(const Directory& directory);
/// Whether the plan in `directory` is the one with this digest. Throws SystemError.
bool has_plan(const Directory& directory, const std::string& digest);
/// Throws Error: there it is not, or not any more.
[[noreturn]] void throw_lost_plan(const Directory& directory);

/// A command that asks for a step of a plan.
struct Step {
  std::vector<std::string> words;  ///< those about shards, then those of the plan's command
  /// Read once: the words, the cuts and the digest are those of one plan, also when the directory is removed
  /// and planned anew meanwhile.
  StoredPlan stored;
};
/// The step that `words` ask for; the working directory of the plan's command becomes that of this process.
/// Nothing when they ask for none. Throws SystemError and DataError when there is no plan.
std::optional<Step> take_step(const std::vector<std::string>& words, const base::CommandSplitter& split);

/// Makes the directory and publishes the plan, or takes the one that is there. Throws UsageError when that is
/// another one (difference()).
StoredPlan publish_plan(const Directory& directory, const Plan& plan);
/// The plan in `directory` if it is one for `wanted`, whose cuts may be missing; nothing when there is none.
/// Throws UsageError when there is another one.
std::optional<StoredPlan> matching_plan(const Directory& directory, const Plan& wanted);

/// Removes the files of a receipt.
void remove_parts(const Directory& directory, const Receipt& receipt);
/// Publishes the receipt, whose part is measured (join.h). When the shard has one already, the part is
/// removed; then throws DataError if the digests differ, unless `may_differ`. When the plan in the directory
/// is not the receipt's, the part is removed; then throws as throw_lost_plan() does.
void publish_part(const Directory& directory, const Receipt& receipt, bool may_differ);

/// The time in UTC as receipts have it.
std::string time_now();

}  // namespace mrf::shard
