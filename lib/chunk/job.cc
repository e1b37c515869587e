// SPDX-License-Identifier: MIT
#include "chunk/job.h"

#include "base/error.h"
#include "chunk/run.h"

namespace mrf::chunk {

void run_chunks(const ChunkCommand& command, io::Stats& stats) {
  ChunkRun run(command);
  try {
    run.run();
  } catch (const base::ClosedOutput&) {
    run.count(stats);
    throw;
  } catch (...) {
    run.leave_unfinished();
    run.count(stats);
    throw;
  }
  run.count(stats);
}

}  // namespace mrf::chunk
