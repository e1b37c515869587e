// SPDX-License-Identifier: MIT
#include "chunk/job.h"

#include "chunk/run.h"

namespace mrf {

void run_chunks(const ChunkCommand& command, Stats& stats) {
  ChunkRun run(command);
  try {
    run.run();
  } catch (...) {
    run.count(stats);
    throw;
  }
  run.count(stats);
}

}  // namespace mrf
