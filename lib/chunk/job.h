// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/stats.h"
#include "record/record.h"

namespace mrf {

/// What mrf-chunks is asked to do.
struct ChunkCommand {
  std::string input = "-";
  RecordForm form;
  std::uint64_t records = 0;  ///< a chunk; 0: as many as pay for the start
  std::size_t filters = 1;    ///< at once
  std::vector<std::string> words;
};

/// Starts the filter anew for every chunk of the input and joins what they write on standard output, in
/// order. Returns success, or the status of the first filter seen to fail. Throws Error.
Status run_chunks(const ChunkCommand& command, Stats& stats);

}  // namespace mrf
