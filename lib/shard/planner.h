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

  /// A place behind `offset` of the file at which a record seems to begin: of a BAM with an index beside it
  /// the first one of the index, unless it is more than `most_behind` bytes behind `offset` or no records are
  /// there; else the first record behind `offset`, by walking from the index's last one in front of it,
  /// unless that is far; else the first candidate (candidate.h). Nothing when there is none. Throws
  /// SystemError.
  std::optional<Position> behind(std::uint64_t offset, std::uint64_t most_behind = 0) const;

 private:
  std::optional<Position> indexed(std::uint64_t offset, std::uint64_t most_behind) const;
  std::optional<Position> walked(std::uint64_t offset) const;
  std::optional<Position> confirmed(Position start) const;
  std::optional<std::uint64_t> block_from(std::uint64_t offset) const;
  std::optional<Position> record_from(Position from) const;

  const Input& input_;
  std::size_t references_ = 0;
  std::vector<Position> indexed_;  // index_starts.h; none of an input without an index
};

/// Plan::cuts for at most `shards` shards of the input: each cut but the first and the last is what CutFinder
/// finds behind an equal piece of the stored bytes. Reads about 256 KiB for each, up to 4 MiB where an index
/// has no start near, and the index. Throws SystemError, and DataError when the first records are malformed.
std::vector<Position> find_cuts(const Input& input, std::uint64_t shards);

}  // namespace mrf::shard
