// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "flow/chunk_filter.h"
#include "flow/chunk_job.h"
#include "flow/chunk_sizer.h"
#include "flow/chunk_source.h"
#include "sys/meter.h"

namespace mrf {

/// What mrf-chunks counts.
struct ChunkCounts {
  std::string input;
  std::uint64_t chunks = 0;
  std::uint64_t records_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

/// The filters of mrf-chunks, in the order of their chunks; the output of the first goes to standard output.
class ChunkRun {
 public:
  /// `command` outlives the run. Throws Error.
  explicit ChunkRun(const ChunkCommand& command);

  /// To the end of the input, or to the first filter that fails. Returns its exit status, else 0. Throws
  /// Error.
  int run();

  /// Chunks, records and bytes of the input so far, and the bytes that went out.
  ChunkCounts counts() const;

 private:
  bool has_room() const;
  void start_filters();
  void wait() const;
  std::optional<int> serve();
  void drain();

  const ChunkCommand& command_;
  Meter meter_;
  ChunkSource source_;
  ChunkSizer sizer_;
  std::deque<ChunkFilter> filters_;
  std::size_t running_ = 0;
  std::uint64_t chunks_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace mrf
