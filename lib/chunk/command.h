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
  bool repeats_headers = false;       ///< outputs of lines or bytes may begin with a header each
  std::uint64_t records = 0;          ///< a chunk; 0: by bytes
  bool is_measured = false;           ///< bytes by what starting a filter costs
  std::size_t filters = 1;            ///< at a time
  /// Bytes of output that may wait for its turn in temporary files; beyond that the filters wait.
  std::uint64_t buffer = std::numeric_limits<std::uint64_t>::max();
  std::set<int> ok_statuses{0};
  std::uint64_t retries = 0;     ///< of a chunk whose filter was ended by a signal, or as listed:
  std::set<int> retry_statuses;  ///< exit statuses that are worth it
  bool skips_failed = false;     ///< chunks whose filter failed are left out
  std::string keep_failed;       ///< the directory for what failed filters were given; "" none
  std::string side;              ///< where the filters' side tables go, "" nowhere
  std::vector<std::string> words;

  /// A chunk may be needed after its filter has read it.
  bool keeps_chunks() const { return holds_output() || !keep_failed.empty(); }
  /// No output is joined before its filter has succeeded.
  bool holds_output() const { return retries > 0 || skips_failed; }
};

}  // namespace mrf::chunk
