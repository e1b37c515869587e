// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>

namespace mrf::process {

/// How a job ended. The shell's view of it: 0 to 255, 128+N for a signal (POSIX, Shell Command
/// Language 2.8.2), 126 and 127 for a command that could not be executed or was not found.
class Outcome {
 public:
  /// From wait(2)'s status.
  static Outcome of_wait_status(int wait_status);
  /// The job did not get to run its command; `status` is 1, 126 or 127.
  static Outcome of_start_failure(int status);

  int status() const { return status_; }
  /// The signal that ended it, 0 if none.
  int signal() const { return signal_; }
  /// Exited with 0, or with a status that accept() was told.
  bool succeeded() const { return is_accepted_; }
  /// Counts an exit with one of these statuses as success; a signal never is.
  void accept(const std::set<int>& statuses) {
    is_accepted_ = signal_ == 0 && (status_ == 0 || statuses.contains(status_));
  }
  /// Ended by SIGPIPE, or with the exit status of a shell whose command was.
  bool is_broken_pipe() const;
  /// Ended by a signal, or with the exit status of a shell whose command was.
  bool is_by_signal() const;
  /// "exit status 7", "signal 9 (Killed)", "exit status 137 (a shell's word for signal 9, Killed)".
  std::string describe() const;

 private:
  Outcome(int status, int signal) : status_(status), signal_(signal), is_accepted_(status == 0) {}
  int status_;
  int signal_;
  bool is_accepted_;
};

}  // namespace mrf::process
