// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "process/attendant.h"
#include "shard/engine.h"
#include "shard/slurm.h"

namespace mrf::shard {

/// Runs shards as job arrays of Slurm, by the commands sbatch, squeue, scancel and scontrol that PATH finds.
///
/// The names of the arrays follow from plan and directory, and the queue tells which task runs which shard:
/// whatever has been submitted before, by a process that was killed or by an sbatch whose answer got lost, is
/// found again. So is no shard submitted that waits or runs already. A shard whose task has gone has failed
/// when two looks at the queue say so and the directory, read again behind each, has no receipt; a task that
/// a node or a preemption ended is submitted again without counting. Accounting is not needed: how a task
/// ended is known as long as the controller remembers it (MinJobAge, slurm.conf(5)), and serves only for what
/// is said.
class SlurmEngine : public Engine {
 public:
  /// `output` is the name of the output; `arguments` are more words for sbatch. Throws UsageError for words
  /// that mrf-run gives itself.
  SlurmEngine(std::string output, std::vector<std::string> arguments);

  /// A signal cancels the arrays. Throws Error: 127 without the commands of Slurm, 5 when the controller has
  /// never answered, 1 when it accepts no array.
  EngineEnd run(const EngineTask& task, process::Attendant& attendant) override;
  /// Submits what neither waits nor runs, says how to come back, and leaves the arrays alone.
  EngineEnd detach(const EngineTask& task, process::Attendant& attendant) const;
  /// The batch script for all shards of a task (slurm_script_text()), with the MaxArraySize of the cluster if
  /// there is one. `join` are the words that join their parts.
  std::string script(const EngineTask& task, process::Attendant& attendant,
                     std::vector<std::string> join) const;

 private:
  SlurmScript script_of(const EngineTask& task) const;

  std::string output_;
  std::vector<std::string> arguments_;
};

}  // namespace mrf::shard
