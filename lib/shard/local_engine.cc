// SPDX-License-Identifier: MIT
#include "shard/local_engine.h"

#include "shard/shard_log.h"

namespace mrf::shard {

EngineEnd LocalEngine::run(const EngineTask& task, process::Attendant& attendant) {
  EngineEnd end;
  task.directory.make_logs();
  for (const std::size_t shard : task.shards) {
    const auto show = [&task] { task.progress.update([] { return 1; }); };
    const auto attempt = attendant.run(
        {.words = words_of_run(task.directory, shard), .log = log_path(task.directory, shard)}, show);
    if (end.status == 0) end.status = attempt.outcome.status();
    end.signal = attempt.signal;
    if (end.signal != 0 || (task.is_last && !attempt.outcome.succeeded())) break;
  }
  return end;
}

}  // namespace mrf::shard
