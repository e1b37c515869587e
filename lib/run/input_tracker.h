// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/paths.h"
#include "run/job.h"
#include "workflow/plan.h"

namespace mrf::run {

/// How far the input has been read.
struct InputPosition {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> total;    ///< not known of a pipe or a URL
  bool is_over = false;                  ///< nothing reads any more
  std::optional<std::uint64_t> records;  ///< when a program of the project tells them (io/live_records.h)
};

/// The regular files that a job's words name as its inputs, by themselves or within a word (as in the script
/// of bash -c), as far as they exist: no script, no reference (-T), nothing of what stands behind the -- of a
/// program of the project. None for a program of the project that reads regions.
std::vector<std::string> named_inputs(const workflow::PlannedJob& job);

/// Samples the jobs that read no FIFO: their positions in the regular files that their words name
/// (named_inputs()) and that they have open for reading (/proc/PID/fdinfo, proc(5)); without such a file, how
/// much they tell that they have read (io/live_records.h), or else how much they have read or written for
/// whatever purpose.
///
/// The total is known when all that is read is seen: a job without such a file has moved next to nothing, and
/// the files that a job has not begun are next to nothing, too. The files of a program that reads all of them
/// need not be begun: those of the project, cat and its like.
class InputTracker {
 public:
  /// `plan` outlives the tracker; `stats_directory` is that of the workspace.
  InputTracker(const workflow::Plan& plan, std::string stats_directory);
  InputPosition update(const std::vector<Job>& jobs);

 private:
  using Clock = std::chrono::steady_clock;
  struct File {
    std::uint64_t size = 0;
    std::uint64_t position = 0;  // 0: not begun, as far as it is seen
    bool is_open = false;
    bool is_read_whole = false;     // by a program that reads all its files
    std::vector<std::size_t> jobs;  // that name it
  };

  void find_files(std::size_t job);
  void read_told();
  InputPosition position_in_files(const std::vector<Job>& jobs) const;
  std::uint64_t moved_by(std::size_t job) const;

  std::string stats_directory_;
  std::vector<std::size_t> sources_;
  const workflow::Plan& plan_;
  std::vector<bool> is_source_;   // by job
  std::vector<bool> has_files_;   // by job
  std::vector<bool> is_started_;  // by job: its files have been looked for when it had started
  std::map<io::FileId, File> files_;
  std::map<std::size_t, std::uint64_t> moved_;  // by job
  std::map<std::size_t, std::uint64_t> told_;   // bytes, by job
  Clock::time_point told_at_{};
  std::optional<std::uint64_t> records_;
};

/// Points of a curve that grows: at most `most`, in equal distances. When there is no room, each second point
/// goes and the distance doubles.
class Throughput {
 public:
  struct Point {
    double at_s = 0;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> records;
  };

  explicit Throughput(std::size_t most = 240) : most_(most) {}

  /// Whether a point at that time is wanted.
  bool wants(double at_s) const { return at_s >= next_s_; }
  /// Times grow.
  void add(const Point& point);
  const std::vector<Point>& points() const { return points_; }
  double interval_s() const { return interval_s_; }

 private:
  std::size_t most_;
  double interval_s_ = 0.1;
  double next_s_ = 0;
  std::vector<Point> points_;
};

}  // namespace mrf::run
