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
/// until then. Two equal pictures prove that none of the threads ran in between.
using BlockedSnapshot = std::map<pid_t, std::pair<std::uint64_t, std::string>>;

/// The pictures of the descendants of a process, if all of them wait without an end for each other: in a
/// system call without a time limit on the pipes between them, on a process of theirs or on a lock. Nothing
/// when any of them may go on by itself, or this cannot be told: it computes, sleeps, has a socket or a
/// terminal to wait for, or waits for a pipe that comes from outside.
class BlockedTree {
 public:
  /// `fifos` are the named ones between the processes. This process's own pipes are known here: those that it
  /// inherited come from outside, what is written to the others it reads.
  BlockedTree(pid_t root, std::set<FileId> fifos);

  std::optional<BlockedSnapshot> snapshot() const;

 private:
  enum class Kind { between, elsewhere, outside };
  Kind kind_of(pid_t pid, unsigned long fd, bool for_reading) const;
  bool waits_for_pipe(pid_t pid, unsigned long fd, bool for_reading) const;
  bool has_pipes_only(pid_t pid) const;
  bool waits(pid_t pid, const std::string& call) const;

  pid_t root_;
  std::set<FileId> fifos_;
  std::set<FileId> outside_;  // inherited, and not ready to be written to
  std::set<FileId> inherited_;
  std::set<FileId> read_here_;
};

}  // namespace mrf::process
