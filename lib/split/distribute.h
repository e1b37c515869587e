// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "split/dealer.h"
#include "stream/header.h"
#include "stream/record.h"
#include "stream/stats.h"

namespace mrf {

/// What mrf-distribute(1) is asked for.
struct DistributeOptions {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  RecordForm form;
  ChunkSize chunk;
  HeaderForm header;
  /// Where the header goes; empty for no such output.
  std::string header_to;
  bool header_broadcast = false;
  bool stamp = false;
  SequencePlace stamp_place = SequencePlace::column;
  /// Whether the statistics will be looked at: records are not counted where that takes time.
  bool count_records = true;
};

/// Hands the records of all inputs to the outputs. After an error, the outputs that still work get what is
/// queued for them before they are closed and the error is thrown. Throws Error.
void distribute(const DistributeOptions& options, Stats& stats);

}  // namespace mrf
