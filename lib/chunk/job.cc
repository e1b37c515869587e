// SPDX-License-Identifier: MIT
#include "chunk/job.h"

#include "chunk/run.h"

namespace mrf {

Status run_chunks(const ChunkCommand& command, Stats& stats) {
  ChunkRun run(command);
  const int status = run.run();
  const ChunkCounts counts = run.counts();
  stats.records_in = counts.records_in;
  stats.counts_records_out = false;
  stats.in.bytes = counts.bytes_in;
  stats.out.bytes = counts.bytes_out;
  stats.inputs.push_back({counts.input, counts.records_in, counts.bytes_in});
  stats.figures = {{"chunks", static_cast<double>(counts.chunks)},
                   {"filters_s", counts.filters_s},
                   {"starts_s", counts.starts_s}};
  return static_cast<Status>(status);
}

}  // namespace mrf
