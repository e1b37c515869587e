// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "io/fd.h"
#include "process/launch.h"
#include "process/outcome.h"

namespace mrf::process {

/// A process that has ended, with the results of wait4(2).
struct EndedProcess {
  pid_t pid = -1;
  int wait_status = 0;
  rusage usage{};
};

/// The parent of all jobs: a small process in a process group of its own. Over a socket it gets the numbers
/// of the jobs to start, and reports the processes that have ended.
///
/// Each of the two is a subreaper (prctl(2), PR_SET_CHILD_SUBREAPER), and every job and whatever it starts
/// descends from the watchdog. So whichever is killed with KILL, the other one finds every descendant as its
/// own child and ends it, whatever session it made for itself: the watchdog when its socket ends, and it
/// calls `clean_up` too; the maker when events() says that the watchdog is gone.
class Watchdog {
 public:
  /// Forks the watchdog: this process must have no other threads, and no descriptor open that the jobs must
  /// not hold. `spec_of` gives, in the watchdog, what launch() of that number is to start; `clean_up` removes
  /// what this process has made, in case that it is killed; a watchdog that is made later in this process has
  /// ended before. Children that are there already, such as another watchdog, are spared. Throws
  /// SystemError.
  /// When this process is gone, children that have `grace` get TERM and that time to clean up by themselves,
  /// before all is killed.
  Watchdog(const std::function<LaunchSpec(std::size_t)>& spec_of, const std::function<void()>& clean_up,
           std::chrono::milliseconds grace = {});
  /// finish().
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Starts a process. Throws SystemError when it cannot be forked, Error when the watchdog is gone.
  Launched launch(std::size_t number);
  /// Readable when take_ended() has something new or the watchdog is gone.
  io::FdRef events() const { return socket_; }
  /// Some of the processes that have ended since the last call; none when nothing has.
  std::vector<EndedProcess> take_ended();
  /// All that have ended by now.
  std::vector<EndedProcess> take_all_ended();
  /// Of the processes that those calls have heard of: children of the watchdog that a terminal has stopped,
  /// since they read from it, or changed it, out of the background.
  std::vector<pid_t> take_stopped();
  /// How the watchdog ended, if it did before finish().
  const std::optional<Outcome>& lost() const { return lost_; }
  pid_t pid() const { return pid_; }
  /// Kills and reaps every descendant. Returns those that cannot be ended. The watchdog stays, for
  /// `clean_up`.
  std::vector<pid_t> end_all();
  /// The same, and the watchdog ends: what this process does afterwards is its own matter. With a `grace` the
  /// descendants get TERM and that time before they are killed.
  void finish(std::chrono::milliseconds grace = {}) noexcept;

 private:
  struct Request;
  struct Report;
  bool send(const Request& request) noexcept;
  std::optional<Report> receive(bool wait, Launched* launched = nullptr);
  void wait_for_sweep(const Request& request);
  void lose();

  std::vector<pid_t> spared_;
  pid_t pid_ = -1;
  io::Fd socket_;
  std::deque<EndedProcess> ended_;
  std::vector<pid_t> stopped_;
  std::vector<pid_t> unkillable_;
  std::optional<Outcome> lost_;
  bool is_finished_ = false;
};

}  // namespace mrf::process
