// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "shard/input.h"
#include "shard/plan.h"

namespace mrf::shard {

/// Plan::cuts for at most `shards` shards of the input: each cut but the first and the last is the first
/// candidate (candidate.h) behind an equal piece of the stored bytes. Reads about 256 KiB for each. Throws
/// SystemError, and DataError when the first records are malformed.
std::vector<Position> find_cuts(const Input& input, std::uint64_t shards);

}  // namespace mrf::shard
