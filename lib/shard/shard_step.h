// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "base/status.h"
#include "shard/planned_command.h"

namespace mrf::shard {

/// Writes the records of shard `at` to standard output, and where they end to --shard-landing. Throws Error.
base::Status read_shard(const PlannedCommand& planned, std::size_t at);

/// Runs the command on shard `at` and publishes part and receipt, unless it has a receipt already. Returns
/// the exit status of the command; a signal that ended it ends this process. Throws Error.
base::Status run_shard(const PlannedCommand& planned, std::size_t at);

}  // namespace mrf::shard
