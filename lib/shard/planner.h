// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "shard/candidate.h"
#include "shard/input.h"
#include "shard/plan.h"

namespace mrf::shard {

/// Searches where an input, which outlives this object, can be cut.
class CutFinder {
 public:
  explicit CutFinder(const Input& input);

  /// The first candidate (candidate.h) behind `offset` of the file; nothing when there is none. Throws
  /// SystemError.
  std::optional<Position> behind(std::uint64_t offset) const;

 private:
  std::optional<std::uint64_t> block_from(std::uint64_t offset) const;
  std::optional<Position> record_from(Position from) const;

  const Input& input_;
  std::size_t references_ = 0;
};

/// Plan::cuts for at most `shards` shards of the input: each cut but the first and the last is the first
/// candidate (candidate.h) behind an equal piece of the stored bytes. Reads about 256 KiB for each. Throws
/// SystemError, and DataError when the first records are malformed.
std::vector<Position> find_cuts(const Input& input, std::uint64_t shards);

}  // namespace mrf::shard
