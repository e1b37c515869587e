// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "chunk/command.h"
#include "chunk/filter.h"
#include "chunk/filter_files.h"
#include "chunk/joiner.h"
#include "chunk/sizer.h"
#include "chunk/source.h"
#include "io/move_bytes.h"
#include "io/pause.h"
#include "io/reactor.h"
#include "io/stats.h"
#include "process/descendants_guard.h"
#include "process/left_behind.h"

namespace mrf::chunk {

/// The filters of mrf-chunks, in the order of their chunks; the output of the first one goes to standard
/// output. That of the others stays in their pipes while the first keeps this process busy, so that as little
/// as can be takes the way through temporary files.
class ChunkRun {
 public:
  /// `command` outlives the run. SIGCHLD is blocked from now on. Throws Error.
  explicit ChunkRun(const ChunkCommand& command);
  ~ChunkRun();
  ChunkRun(const ChunkRun&) = delete;
  ChunkRun& operator=(const ChunkRun&) = delete;

  /// To the end of the input, or to the first chunk whose filter failed. Throws Error.
  void run();
  /// After run() has thrown.
  void leave_unfinished() noexcept { joiner_->leave_unfinished(); }
  std::uint64_t chunks() const { return chunks_; }
  /// What was done so far.
  void count(io::Stats& stats) const;

 private:
  using Clock = std::chrono::steady_clock;

  void run_all();
  static void check_output();
  bool has_room() const;
  void take_source_news();
  void stop_cut_off(ChunkFilter& filter);
  void start_filters();
  std::unique_ptr<ChunkFilter> start_filter(Chunk chunk);
  void watch_output(ChunkFilter& filter);
  void take_output(ChunkFilter& filter);
  bool can_spill() const;
  bool is_front_waiting() const;
  void turn();
  void spill();
  void reap();
  void failed(const ChunkFilter& filter);
  bool may_retry(const ChunkFilter& filter) const;
  void retry();
  void stop_after(const ChunkFilter& failed);
  bool finish_front();
  bool is_front_settled() const;
  void begin_front(ChunkFilter& front);
  bool is_left_writing(const ChunkFilter& front);
  void warn_if_held_open(const ChunkFilter& front);
  std::string failure(const ChunkFilter& filter) const;
  std::string tries(const ChunkFilter& filter) const;
  std::string kept(ChunkFilter& filter, const std::string& about) const;
  void skip(ChunkFilter& filter);
  [[noreturn]] void fail(ChunkFilter& filter);

  const ChunkCommand& command_;
  process::DescendantsGuard guard_;
  io::Reactor reactor_;
  io::Fd child_signals_;
  ChunkSource source_;
  std::unique_ptr<ChunkJoiner> joiner_;
  FilterFiles files_;
  ChunkSizer sizer_;
  io::PipeDrain spill_drain_;
  std::deque<std::unique_ptr<ChunkFilter>> filters_;
  std::unique_ptr<ChunkFilter>
      cut_off_;  // has ended, but processes that it left behind still have its input open
  std::unordered_map<pid_t, ChunkFilter*> running_;
  std::set<std::size_t> free_slots_;
  std::vector<ChunkFilter*> waiting_;  // they have output, and are not the first
  std::uint64_t spilled_ = 0;          // bytes in their temporary files
  std::exception_ptr source_failure_;  // told after the chunks before it
  bool is_stopping_ = false;           // a filter has failed: those before it may come to their end
  std::uint64_t failed_ = std::numeric_limits<std::uint64_t>::max();  // the first chunk that ends the run
  std::map<std::uint64_t, std::uint64_t> retries_;                    // by chunk, of those that had one
  std::vector<std::uint64_t> to_retry_;                               // chunks
  std::uint64_t retried_ = 0;                                         // retries
  std::vector<io::SkippedChunk> skipped_;
  bool is_over_ = false;  // all chunks are joined, but those that were skipped
  bool is_cut_off_stopped_ = false;
  bool is_front_begun_ = false;
  std::optional<process::LeftBehindClock> left_clock_;  // of a wait for the first filter's files
  bool is_left_timed_ = false;                          // it is looked again when the timer is due
  std::uint64_t watched_for_end_ = std::numeric_limits<std::uint64_t>::max();  // a chunk
  /// Time that callbacks took in this turn, and time spent in waiting that was not yet made up for by
  /// spilling.
  Clock::duration busy_{0};
  Clock::duration spare_{0};
  io::Pause pause_;
  bool has_paused_ = false;  // after the last turn
  std::uint64_t fed_ = 0;    // bytes, to all filters
  std::uint64_t chunks_ = 0;
  double filters_s_ = 0;
};

/// Starts the filter anew for every chunk of the input and joins what the filters write on standard output,
/// in order. Returns Status::bad_data when chunks were left out, said in a message. Throws Error, with the
/// status of the filter for the first chunk whose filter failed.
base::Status run_chunks(const ChunkCommand& command, io::Stats& stats);

}  // namespace mrf::chunk
