// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/fd.h"
#include "shard/directory.h"

namespace mrf::shard {

/// The right to run or to join the shards of a directory, which one process at a time has: a write lock
/// (fcntl(2)) of the file lock_path(), which names the process. The kernel gives the lock back when the
/// process ends, however it ends. Where the file system has no locks there is no right to wait for; then
/// receipts alone keep two processes apart, as they do with steps that are run by hand.
class RunLock {
 public:
  /// Throws Error that names the process which has the lock; SystemError, with ENOENT when the directory is
  /// gone. At most one for a directory at a time in a process.
  explicit RunLock(const Directory& directory);
  /// Removes the file.
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  std::string path_;
  io::Fd file_;
};

}  // namespace mrf::shard
