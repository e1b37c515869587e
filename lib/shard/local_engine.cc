// SPDX-License-Identifier: MIT
#include "shard/local_engine.h"

#include <fmt/format.h>
#include <signal.h>

#include "base/message.h"
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
    const int by = attempt.outcome.signal();
    // At USR1 the shard says so itself.
    if (end.signal == 0 && by != 0 && by != SIGUSR1)
      base::say(fmt::format("cannot finish 'shard {}': {} has ended it{}", shard, attempt.outcome.describe(),
                            again_note));
    if (end.signal != 0 || (task.is_last && !attempt.outcome.succeeded())) break;
  }
  return end;
}

}  // namespace mrf::shard
