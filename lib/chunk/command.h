// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "record/header.h"
#include "record/record.h"

namespace mrf::chunk {

/// How the bytes of a stream are divided: its records, and which lines at its top are no records.
struct StreamForm {
  record::RecordForm record;
  bool is_sam = false;  ///< the lines are SAM
  record::HeaderForm header{};

  bool is_bam() const { return record.kind == record::RecordForm::Kind::bam; }
};

/// What mrf-chunks is asked to do.
struct ChunkCommand {
  std::string input = "-";
  StreamForm form;
  bool header_broadcast = false;      ///< every chunk begins with the header, every output with one
  std::string header_to;              ///< where else the header goes; "" nowhere
  std::optional<StreamForm> written;  ///< what every filter's output is checked to be; empty: anything
  std::uint64_t records = 0;          ///< a chunk; 0: by bytes
  bool is_measured = false;           ///< bytes by what starting a filter costs
  std::size_t filters = 1;            ///< at a time
  /// Bytes of output that may wait for its turn in temporary files; beyond that the filters wait.
  std::uint64_t buffer = std::numeric_limits<std::uint64_t>::max();
  std::set<int> ok_statuses{0};
  std::vector<std::string> words;
};

}  // namespace mrf::chunk
