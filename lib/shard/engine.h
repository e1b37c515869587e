// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "process/attendant.h"
#include "shard/directory.h"
#include "shard/plan.h"
#include "shard/progress.h"
#include "shard/steps.h"

namespace mrf::shard {

/// What an engine is to run.
struct EngineTask {
  const Plan& plan;
  const Directory& directory;
  std::vector<std::size_t> shards;  ///< that have no receipt, ascending; one at least
  bool is_last = true;              ///< what has no receipt afterwards is not given to the engine again
  Progress& progress;               ///< to be updated about once a second
};

/// How an engine came back. It says nothing of success: only receipts count.
struct EngineEnd {
  int status = 0;  ///< of an attempt or a command that failed, the first of them; 0: none is known
  int signal = 0;  ///< that came and ended the engine; 0: none
};

/// Something that runs shards.
class Engine {
 public:
  Engine() = default;
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Runs words_of_run() for each of the shards, and returns when none of them runs any more, whether or not
  /// they have receipts: those that are missing are counted by the caller, which says what is missing and
  /// hands it over again if there are retries. What the engine waits for, it waits for with `attendant`; a
  /// signal ends what it has started. Throws Error when it cannot run any of them.
  virtual EngineEnd run(const EngineTask& task, process::Attendant& attendant) = 0;
};

/// The words of the command that runs a shard and publishes its receipt, the program first. It may be run
/// several times, also at the same time. The program has a path unless PATH finds it.
std::vector<std::string> words_of_run(const Directory& directory, std::size_t shard);
/// The same for the join.
std::vector<std::string> words_of_join(const Directory& directory);

/// Gives the shards of `stored` without receipts to the engine, up to `retries` times again. Returns how it
/// ended: with status 0 when all have receipts, and never when one has none; that is said.
/// Throws Error when the plan is gone.
EngineEnd run_shards(Engine& engine, const StoredPlan& stored, const Directory& directory,
                     std::uint64_t retries, process::Attendant& attendant, Progress& progress);

}  // namespace mrf::shard
