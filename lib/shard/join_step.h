// SPDX-License-Identifier: MIT
#pragma once

#include "base/status.h"
#include "io/output_file.h"
#include "shard/planned_command.h"

namespace mrf::shard {

/// Joins the parts of all shards: publishes OUTPUT, its index and the report, and removes the directory. A
/// signal that ended it ends this process. Throws Error when a shard has no receipt, DataError for parts and
/// receipts that are not those of the plan.
base::Status join_shards(const PlannedCommand& planned);

}  // namespace mrf::shard
