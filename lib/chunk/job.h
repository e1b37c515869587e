// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/record.h"

namespace mrf {

/// The command mrf-chunks that mrf-run has built in (mrf-workflow(5), Chunks).
struct ChunkCommand {
  std::string input = "-";
  RecordForm form;
  std::uint64_t records = 0;  ///< a chunk; 0: as many as pay for the start
  std::size_t filters = 1;    ///< at once
  std::vector<std::string> words;
};

bool is_chunk_command(const std::string& word);

/// From all words of the command. Throws UsageError.
ChunkCommand parse_chunk_command(const std::vector<std::string>& words);

/// Starts the filter anew for every chunk of the input and joins what they write on standard output, in
/// order. Is the whole of a process; returns its exit status: 0, that of the first filter seen to fail, or
/// that of an error of its own, which it has told.
int run_chunks(const ChunkCommand& command);

}  // namespace mrf
