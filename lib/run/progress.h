// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/paths.h"
#include "run/job.h"
#include "workflow/plan.h"

namespace mrf::run {

/// How far the input has been read.
struct InputPosition {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> total;  ///< not known of a pipe or a URL
  bool is_over = false;                ///< nothing reads any more
};

/// Samples the jobs that read no FIFO: their positions in the regular files that they have open for reading
/// (/proc/PID/fdinfo, proc(5)); without such a file, how much they have read or written.
class InputTracker {
 public:
  explicit InputTracker(const workflow::Plan& plan);
  InputPosition update(const std::vector<Job>& jobs);

 private:
  struct File {
    std::uint64_t size = 0;
    std::uint64_t position = 0;
    bool is_open = false;
  };

  std::vector<std::size_t> sources_;
  std::map<io::FileId, File> files_;
  std::map<std::size_t, std::uint64_t> moved_;  // by job
};

/// Shows on standard error how far the input has been read: a bar on a terminal, else a line now and then.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `plan` outlives the progress.
  explicit Progress(const workflow::Plan& plan);
  /// Takes the bar away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// To be called about ten times a second.
  void update(Clock::time_point now, const std::vector<Job>& jobs);

 private:
  InputTracker input_;
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
