// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <optional>

#include "flow/chunk_filter.h"
#include "flow/chunk_job.h"
#include "flow/chunk_sizer.h"
#include "flow/chunk_source.h"
#include "sys/meter.h"

namespace mrf {

/// The filters of mrf-chunks, in the order of their chunks; the output of the first goes to standard output.
class ChunkRun {
 public:
  /// `command` outlives the run. Throws Error.
  explicit ChunkRun(const ChunkCommand& command);

  /// To the end of the input, or to the first filter that fails. Returns its exit status, else 0. Throws
  /// Error.
  int run();

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
};

}  // namespace mrf
