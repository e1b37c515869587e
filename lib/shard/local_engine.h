// SPDX-License-Identifier: MIT
#pragma once

#include "shard/engine.h"

namespace mrf::shard {

/// Runs the shards on this machine, one after the other, each with all workers: at the last time up to the
/// first one that fails, else all.
class LocalEngine : public Engine {
 public:
  EngineEnd run(const EngineTask& task, process::Attendant& attendant) override;
};

}  // namespace mrf::shard
