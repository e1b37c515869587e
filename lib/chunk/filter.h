// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chunk/joiner.h"
#include "chunk/source.h"
#include "io/fd.h"
#include "io/last_lines.h"
#include "io/move_bytes.h"
#include "io/pipe_lines.h"
#include "io/reactor.h"
#include "process/launch.h"
#include "process/outcome.h"

namespace mrf::chunk {

/// Processor time of the calling thread so far.
std::chrono::nanoseconds thread_cpu_time();

/// One process of the filter, started for one chunk. It is fed as it takes; what it writes before its turn
/// waits in its pipe or in a temporary file. Nothing here waits for the process.
class ChunkFilter {
 public:
  /// Starts it in slot `slot` of those that run at a time. `reactor` feeds it and passes on its standard
  /// error; `command` and `reactor` outlive the object. `files` are variables of its environment
  /// (FilterFiles). Throws Error.
  ChunkFilter(io::Reactor& reactor, const ChunkCommand& command, Chunk chunk, std::size_t slot,
              std::vector<std::string> files);
  ~ChunkFilter();
  ChunkFilter(const ChunkFilter&) = delete;
  ChunkFilter& operator=(const ChunkFilter&) = delete;

  pid_t pid() const { return pid_; }
  std::size_t slot() const { return slot_; }
  const Chunk& chunk() const { return chunk_; }
  /// Bytes that its pipe took since the last call.
  std::uint64_t take_fed() { return std::exchange(new_fed_, 0); }
  /// There may be more of its chunk, which is a stream.
  void feed_on();
  /// The rest of its chunk will never come.
  bool is_cut_off() const { return chunk_.stream && chunk_.stream->is_cut_off(); }
  /// For one that is cut off: it never sees an end of its input.
  void stop_feeding();
  /// The pipe that it reads, until its end is reached.
  io::FdRef input() const { return to_; }
  /// The pipe that it writes to, until end_output().
  io::FdRef output() const { return from_; }
  bool is_output_open() const { return from_.is_open(); }

  /// Moves what is in its pipe, `most` bytes of it, from 1 on, into its temporary file; at the end of the
  /// pipe the output is ended.
  void spill(io::PipeDrain& through, std::uint64_t most);
  /// Bytes in its temporary file.
  std::uint64_t spilled() const { return spilled_size_; }
  /// Gives what was spilled to `joiner`, when its turn has come.
  void join_spilled(ChunkJoiner& joiner);
  /// The end of its pipe was read.
  void end_output();

  /// It was reaped. Sets outcome(), and start_error() when it could not be started.
  void reaped(int wait_status, const rusage& usage);
  bool has_ended() const { return outcome_.has_value(); }
  /// After its end.
  const process::Outcome& outcome() const { return *outcome_; }
  /// The errno(3) with which its start failed; 0 when it was started.
  int start_error() const { return start_error_; }
  /// Reaped, and the end of its output was read.
  bool is_done() const { return has_ended() && !is_output_open(); }
  /// Chunks kept (ChunkCommand::keeps_chunks()): for another filter, after the end of this one.
  Chunk take_chunk() { return std::move(chunk_); }
  /// Keeps its chunk and what it wrote to standard error, with `about` it, in ChunkCommand::keep_failed,
  /// after its end. Returns the new directory (process::keep_failure()). Throws Error.
  std::string keep(const std::string& about);
  /// Processor time in seconds, of the start in this process too; after its end.
  double cpu_s() const { return cpu_s_; }

 private:
  void feed(std::uint32_t events);
  void feed_piece(const ChunkPiece& piece);
  void fed(std::size_t bytes);
  bool feed_stream();
  void end_input();
  void pass_stderr();
  void pass_line(const std::string& line);
  process::LaunchSpec spec() const;

  io::Reactor& reactor_;
  const ChunkCommand& command_;
  Chunk chunk_;
  const std::size_t slot_;
  const std::vector<std::string> files_;
  std::size_t piece_ = 0;  // the one being fed
  std::uint64_t fed_ = 0;  // of it
  std::uint64_t new_fed_ = 0;
  pid_t pid_ = -1;
  io::Fd failure_;
  io::Fd to_;
  io::Fd from_;
  std::optional<io::PipeLines> stderr_;  // passed on in whole lines, each behind the name of its chunk
  io::LastLines last_stderr_;            // with ChunkCommand::keep_failed
  io::Fd spilled_;
  std::uint64_t spilled_size_ = 0;
  double cpu_s_ = 0;
  int start_error_ = 0;
  std::optional<process::Outcome> outcome_;
};

}  // namespace mrf::chunk
