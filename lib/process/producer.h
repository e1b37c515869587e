// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "io/fd.h"
#include "process/launch.h"
#include "process/outcome.h"

namespace mrf::process {

/// A command whose standard output this process reads. It has the standard error of this process, and is in
/// its group, so that a terminal's signals reach both.
class Producer {
 public:
  /// Throws SystemError when no process can be started. The thread that does this outlives the command, which
  /// would be killed with it.
  explicit Producer(std::vector<std::string> words);
  /// Ends the command with TERM, and waits for its end, unless wait() did.
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// The end of its standard output that is read, once.
  io::Fd take_output() { return std::move(output_); }
  /// Waits for its end, once. Throws Error "cannot execute" with status 126 or 127 for a command that cannot
  /// be.
  Outcome wait();

 private:
  std::vector<std::string> words_;
  io::Fd output_;
  Launched launched_;
  bool is_over_ = false;
};

}  // namespace mrf::process
