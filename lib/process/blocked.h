// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "process/proc_tree.h"

namespace mrf::process {

/// What all threads of some processes waited for at a moment, and how often each had given up its processor
/// until then. Two equal snapshots prove that none of the threads ran in between.
using BlockedSnapshot = std::map<pid_t, std::pair<std::uint64_t, std::string>>;

/// Snapshots of the descendants of a process. There is one only if all of them wait for each other without a
/// time limit: in a system call on a pipe between them, for a child, or for a lock. There is none when one of
/// them may continue by itself or when that is unknown: it computes, sleeps, waits for a socket or a
/// terminal, or for a pipe whose other end is outside.
class BlockedTree {
 public:
  /// `fifos` are the named ones between the processes. This process's own pipes are known here: those that it
  /// inherited come from outside, what is written to the others it reads.
  BlockedTree(pid_t root, std::set<io::FileId> fifos);

  std::optional<BlockedSnapshot> snapshot() const;

 private:
  enum class Kind { between, elsewhere, outside };
  Kind kind_of(pid_t pid, unsigned long fd, bool for_reading) const;
  bool waits_for_pipe(pid_t pid, unsigned long fd, bool for_reading) const;
  bool has_pipes_only(pid_t pid) const;
  bool waits(pid_t pid, const std::string& call) const;

  pid_t root_;
  std::set<io::FileId> fifos_;
  std::set<io::FileId> outside_;  // inherited, and not ready to be written to
  std::set<io::FileId> inherited_;
  std::set<io::FileId> read_here_;
};

}  // namespace mrf::process
