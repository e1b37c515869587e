// SPDX-License-Identifier: MIT
#include "run/input_tracker.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include "io/live_records.h"
#include "process/proc_tree.h"

namespace mrf::run {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds told_period{500};  // each look reads a directory

}  // namespace

InputTracker::InputTracker(const workflow::Plan& plan, std::string stats_directory)
    : stats_directory_(std::move(stats_directory)), is_source_(plan.jobs.size()) {
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) {
    is_source_[job] = plan.jobs[job].reads.empty();
    if (is_source_[job]) sources_.push_back(job);
  }
}

InputPosition InputTracker::update(const std::vector<Job>& jobs) {
  for (auto& [id, file] : files_) file.is_open = false;
  for (const std::size_t job : sources_) {
    if (jobs[job].pid <= 0 || jobs[job].state == JobState::ended) continue;
    for (const pid_t pid : process::process_tree(jobs[job].pid)) {
      moved_[job] = std::max(moved_[job], process::bytes_moved(pid));
      for (const process::OpenInput& input : process::open_inputs(pid)) {
        File& file = files_[input.file];
        file = {input.size, std::max(file.position, input.position), true};
      }
    }
  }
  InputPosition position;
  position.is_over = std::all_of(sources_.begin(), sources_.end(),
                                 [&](std::size_t job) { return jobs[job].state == JobState::ended; });
  read_told();
  position.records = records_;
  if (files_.empty()) {
    for (const auto& [job, bytes] : moved_) {
      const auto told = told_.find(job);
      position.bytes += told != told_.end() ? told->second : bytes;
    }
    return position;
  }
  position.total = 0;
  for (const auto& [id, file] : files_) {
    position.bytes += file.is_open ? file.position : file.size;
    *position.total += file.size;
  }
  return position;
}

// The records are those of the jobs that read no FIFO, else the most that any other job has read: of readers
// in a chain each tells the same records.
void InputTracker::read_told() {
  const auto now = Clock::now();
  if (now - told_at_ < told_period) return;
  told_at_ = now;
  std::optional<std::uint64_t> of_sources;
  std::optional<std::uint64_t> of_others;
  std::error_code error;
  for (fs::directory_iterator entry(stats_directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();  // JOB.PID.live
    std::size_t job = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), job);
    if (parsed.ec != std::errc() || job >= is_source_.size() || !name.ends_with(io::live_records_ending))
      continue;
    const io::LiveCount told = io::read_live_records(entry->path());
    if (is_source_[job]) {
      of_sources = of_sources.value_or(0) + told.records;
      if (told.bytes > 0) told_[job] = told.bytes;
    } else {
      of_others = std::max(of_others.value_or(0), told.records);
    }
  }
  records_ = of_sources ? of_sources : of_others;
}

void Throughput::add(const Point& point) {
  if (points_.size() >= most_) {
    for (std::size_t at = 0; 2 * at < points_.size(); ++at) points_[at] = points_[2 * at];
    points_.resize((points_.size() + 1) / 2);
    interval_s_ *= 2;
  }
  points_.push_back(point);
  next_s_ = (std::floor(point.at_s / interval_s_ + 1e-9) + 1) * interval_s_;
}

}  // namespace mrf::run
