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

/// Samples the jobs that read no FIFO: their positions in the regular files that they have open for reading
/// (/proc/PID/fdinfo, proc(5)); without such a file, how much they tell that they have read
/// (io/live_records.h), or else how much they have read or written for whatever purpose.
class InputTracker {
 public:
  /// `stats_directory` is that of the workspace.
  InputTracker(const workflow::Plan& plan, std::string stats_directory);
  InputPosition update(const std::vector<Job>& jobs);

 private:
  using Clock = std::chrono::steady_clock;
  struct File {
    std::uint64_t size = 0;
    std::uint64_t position = 0;
    bool is_open = false;
  };

  void read_told();

  std::string stats_directory_;
  std::vector<std::size_t> sources_;
  std::vector<bool> is_source_;  // by job
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
