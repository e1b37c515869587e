// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "run/input_watch.h"

namespace mrf::run {

/// Shows on standard error how far the input has been read: a bar on a terminal, else a line now and then.
class RunProgress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` outlives the progress.
  explicit RunProgress(const workflow::Plan& plan);
  /// Takes the bar away.
  ~RunProgress();
  RunProgress(const RunProgress&) = delete;
  RunProgress& operator=(const RunProgress&) = delete;

  /// To be called about ten times a second.
  void look(Clock::time_point now, const std::vector<JobRecord>& jobs);

 private:
  InputWatch watch_;
  bool is_terminal_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point say_at_;
};

/// "[####....]  50%  60.1 MiB/s  00:12", at most `columns` wide; without a total the amount in place of bar
/// and share. What has no room is left out from the left.
std::string progress_bar(const InputPosition& position, double seconds, std::size_t columns);

/// "50% of 198 MiB, 60.1 MiB/s, 00:12 left".
std::string progress_sentence(const InputPosition& position, double seconds);

}  // namespace mrf::run
