// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "chunk/filter.h"
#include "chunk/job.h"
#include "chunk/sizer.h"
#include "chunk/source.h"
#include "io/meter.h"

namespace mrf {

/// What mrf-chunks counts.
struct ChunkCounts {
  std::string input;
  std::uint64_t chunks = 0;
  std::uint64_t records_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  double filters_s = 0;  ///< processor time of all filters, their starting included
  double starts_s = 0;   ///< of it, for starting them, by the sizer's estimate
};

/// The filters of mrf-chunks, in the order of their chunks; the output of the first goes to standard output.
/// That of the others stays in their pipes while the first keeps this process busy, so that as little as can
/// be takes the way through temporary files.
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
  bool may_drain(const ChunkFilter& filter) const;
  std::vector<pollfd> wait();
  std::optional<int> serve(const std::vector<pollfd>& polled);
  void drain();

  using Clock = std::chrono::steady_clock;

  const ChunkCommand& command_;
  Meter meter_;
  ChunkSource source_;
  ChunkSizer sizer_;
  PipeDrain pipe_drain_;
  std::deque<ChunkFilter> filters_;
  std::size_t running_ = 0;
  /// Spent waiting for the first filter, and not yet made up for by moving the output of others away.
  Clock::duration spare_{0};
  std::uint64_t chunks_ = 0;
  std::uint64_t bytes_out_ = 0;
  double filters_s_ = 0;
};

}  // namespace mrf
