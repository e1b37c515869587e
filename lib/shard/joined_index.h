// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "io/output_file.h"
#include "shard/directory.h"

namespace mrf::shard {

struct JoinedIndex {
  std::string output;  ///< the name that the joined output gets
  int threads = 0;     ///< beside the first one
  std::chrono::milliseconds kill_after{1000};
};

/// Makes the index of the output that is written and has no name yet (mrf-bamread --index), in a part of the
/// directory that is removed again. Returns the signal that has ended it, or 0: `index` is then the index,
/// which has no name yet. Throws Error.
int write_joined_index(const JoinedIndex& wanted, const Directory& directory, const io::OutputFile& joined,
                       std::optional<io::OutputFile>& index);

}  // namespace mrf::shard
