// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collect/rate_log.h"
#include "io/stats.h"
#include "record/header.h"
#include "record/record.h"

namespace mrf::collect {

/// What mrf-collect is asked for; the names are those of its options.
struct CollectOptions {
  enum class Order { rows, seq, any, concat };

  std::vector<std::string> inputs;
  Order order = Order::rows;
  record::RecordForm record;
  /// Records a turn in Order::rows.
  std::uint64_t chunk = 1000;
  bool ragged = false;
  /// What mrf-distribute --stats wrote about the outputs that led to the inputs, in their order: each input
  /// is to have as many records as its output had. Empty for none.
  std::string counts;
  bool sam = false;
  /// With `sam`: no line is a header line.
  bool headless = false;
  /// Leading lines of every input that are its header, beside those of SAM.
  record::HeaderForm header_form;
  /// The headers of all inputs have to be the same; those that `header_form` names have to in any case.
  bool same_header = false;
  /// Inputs of lines or bytes may all begin with a header, of SAM or another format, which is records then.
  bool repeats_headers = false;
  /// Bytes of memory for what cannot be written yet.
  std::uint64_t buffer = std::uint64_t{256} << 20;
  /// Reads on while the output is blocked, and holds what it does not take.
  bool spools = false;
  /// With `spools`: waits until the reader of the output, when that is a pipe, has read all.
  bool until_read = false;
  /// Copied first; empty for none.
  std::string header;
  std::string output = "-";
  /// How often every input is read.
  std::uint64_t rounds = 1;
  /// Of BGZF output, 0 (stored) to 9; nothing for the default.
  std::optional<int> level;
  /// Threads that compress, beside the one that collects.
  unsigned threads = 0;
  /// A line about the rate after every so many records, 0 for none, and the form of that line.
  std::uint64_t log_every = 0;
  std::string log_format = RateLog::default_format;
};

/// rows, seq, any or concat. Throws UsageError.
CollectOptions::Order parse_collect_order(const std::string& text);

/// Joins the records of all inputs into one output. Counts in `stats`, after a failure too. Throws Error.
void collect(const CollectOptions& options, io::Stats& stats);

}  // namespace mrf::collect
