// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "shard/input.h"
#include "shard/plan.h"

namespace mrf::shard {

/// Cuts of two inputs in step: in front of cut i both have the same number of records.
struct PairCuts {
  std::vector<Position> first;
  std::vector<Position> second;
};

/// Reads both inputs once, at the same time, and counts their records, since nothing in a FASTQ file says the
/// number of a record; then a little at each cut. Their meters are two. The first is cut at the first records
/// that begin at or behind the beginnings of `shards` equal pieces, the second at the records of the same
/// numbers. Throws DataError when they do not have as many records, or one is malformed; SystemError. The
/// counting ends with the first fault in either of them.
PairCuts find_pair_cuts(const Input& first, const Input& second, std::uint64_t shards);

}  // namespace mrf::shard
