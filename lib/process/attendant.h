// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "io/fd.h"
#include "process/outcome.h"

namespace mrf::process {

/// A command that this process starts and waits for.
struct AttendedCommand {
  std::vector<std::string> words;
  std::vector<std::string> environment{};  ///< as that of a LaunchSpec
  bool keeps_output = false;               ///< standard output is kept; else it is this process's
  std::string log{};  ///< a file that the lines of standard error are appended to as well; empty: none
  bool keeps_errors = false;  ///< the last lines of standard error are kept; else they are passed on
  int end_signal = SIGTERM;   ///< what it gets when it is to end
  std::chrono::milliseconds more_to_kill_after{0};  ///< what it gets besides the attendant's time to end
};

/// How it ended.
struct AttendedEnd {
  Outcome outcome;
  std::string output;
  std::string errors;
  int signal = 0;  ///< INT, QUIT, TERM, HUP or USR1 came, and the command was ended for it; 0 none
};

/// Runs commands one after the other, and waits between them. INT, QUIT, TERM, HUP and USR1 are blocked from
/// its construction on and end the command or the wait: the caller concludes, and ends by die_of(). TSTP
/// stops this process and the command. When this process is killed the command gets TERM and its time to end;
/// then its descendants are killed, as are those that a command leaves behind. What is left of a command that
/// a signal has ended, whoever sent it, such as the watchdog of one that has one, gets TERM and ten seconds
/// to clean up. The process has no other threads.
class Attendant {
 public:
  using Clock = std::chrono::steady_clock;
  /// Called about once a second.
  using Tick = std::function<void()>;

  /// A command that goes on for `kill_after` after a signal is killed. Throws SystemError.
  explicit Attendant(std::chrono::milliseconds kill_after);

  /// Throws Error "cannot execute" with status 126 or 127 for a command that cannot be, SystemError when no
  /// process can be started. What `tick` throws ends the command as a signal does, and is thrown
  /// then, unless a signal has come as well.
  AttendedEnd run(const AttendedCommand& command, const Tick& tick = {});
  /// Returns the signal that ended the wait, 0 when the time is over.
  int wait(std::chrono::milliseconds time, const Tick& tick = {});

 private:
  class Attended;

  int take_signal(const std::function<void(int)>& pass_on);

  std::chrono::milliseconds kill_after_;
  io::Fd signals_;
};

}  // namespace mrf::process
