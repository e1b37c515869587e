// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chunk/source.h"
#include "io/fd.h"
#include "io/move_bytes.h"
#include "process/outcome.h"

namespace mrf {

/// For poll(2): the end of a process, its input, its output; -1 for what is not waited for.
using FilterPolls = std::array<pollfd, 3>;

/// One process of a filter, started for one chunk. Until it is its turn, what it writes waits in a temporary
/// file. It is fed and drained as it takes and gives, without ever waiting for it.
class ChunkFilter {
 public:
  /// Starts it. Throws Error.
  ChunkFilter(const std::vector<std::string>& command, Chunk chunk);

  /// What to wait for: its end, room for more input and, if it is wanted, output.
  FilterPolls polls(bool with_output) const;
  /// Does what poll(2) found: gives it more input, and looks whether it has ended; then the output that is
  /// there is all. Throws Error.
  void serve(const FilterPolls& polled, const ChunkSource& source, const std::vector<std::string>& command);
  /// Gives it what it takes. A filter that closes its input early has read enough. Throws Error.
  void feed(const ChunkSource& source);
  /// Moves a part of its output to `to` (its turn has come) or to its temporary file. Returns whether there
  /// was any. Throws Error.
  bool drain(PipeDrain& through, std::optional<FdRef> to, const std::string& to_name);

  bool has_ended() const { return outcome_.has_value(); }
  /// Ended, and all of its output is where it was moved to.
  bool is_done() const { return has_ended() && !from_.is_open(); }
  const Outcome& outcome() const { return *outcome_; }
  std::size_t chunk_size() const { return size_; }
  /// What it wrote that was moved so far.
  std::uint64_t bytes_out() const { return bytes_out_; }
  /// Processor time in seconds, of the start in this process too; after its end.
  double cpu_s() const { return cpu_s_; }

 private:
  void look(const std::vector<std::string>& command);

  Chunk chunk_;
  std::size_t size_;
  std::size_t fed_ = 0;
  pid_t pid_ = -1;
  Fd process_;
  Fd failure_;
  Fd to_;
  Fd from_;
  Fd kept_;
  std::uint64_t kept_size_ = 0;
  std::uint64_t bytes_out_ = 0;
  double cpu_s_ = 0;
  std::optional<Outcome> outcome_;
};

}  // namespace mrf
