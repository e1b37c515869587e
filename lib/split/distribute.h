// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "io/stats.h"
#include "record/header.h"
#include "record/record.h"
#include "record/sequence.h"
#include "split/partitioner.h"
#include "split/splitter.h"

namespace mrf::split {

/// What mrf-distribute(1) is asked for.
struct DistributeOptions {
  std::vector<std::string> inputs;
  /// Empty, or one for each input, whose records' mates it has.
  std::vector<std::string> mates;
  /// Whether two records in a row of one name are mates, which go to outputs in pairs.
  bool interleaved = false;
  /// With `interleaved`: where a record without its mate goes; empty for no such output.
  std::string singles;
  std::vector<std::string> outputs;
  record::RecordForm form;
  ChunkSize chunk;
  /// Whether a chunk goes to whichever worker can take it, not to the next one.
  bool balance = false;
  std::optional<record::KeyForm> key;
  std::string map;
  /// error, skip, any or a path.
  std::string missing = "error";
  record::HeaderForm header;
  /// Where the header goes; empty for no such output.
  std::string header_to;
  bool header_broadcast = false;
  /// So many records, or pairs of `mates`, are taken of all inputs together.
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
  /// The bytes of the last records that are kept beside each output; 0: none are.
  std::uint64_t keep_last = 0;
  /// Whether the outputs of records that are pipes are closed only when their readers have read all.
  bool until_read = false;
  /// Where a record gets its number, if it is to have one.
  std::optional<record::SequencePlace> number_place;
  /// Additional ones, to inflate BGZF and to deflate outputs whose names end in .gz.
  unsigned threads = 0;
  /// Of the outputs whose names end in .gz: 0 to 9, 6 when not given.
  std::optional<int> level;
};

/// Hands the records of all inputs to the outputs. After an error, the outputs that still work get what is
/// queued for them before they are closed and the error is thrown. Throws Error.
void distribute(const DistributeOptions& options, io::Stats& stats);

}  // namespace mrf::split
