// SPDX-License-Identifier: MIT
#include "run/input_watch.h"

#include <algorithm>

#include "process/proc_tree.h"

namespace mrf::run {

InputWatch::InputWatch(const workflow::Plan& plan) {
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) {
    const bool reads = std::any_of(plan.fifos.begin(), plan.fifos.end(),
                                   [job](const workflow::PlannedFifo& fifo) { return fifo.reader == job; });
    if (!reads) sources_.push_back(job);
  }
}

InputPosition InputWatch::look(const std::vector<JobRecord>& jobs) {
  for (auto& [id, file] : files_) file.is_open = false;
  for (const std::size_t job : sources_) {
    if (jobs[job].pid <= 0 || jobs[job].state == JobState::ended) continue;
    for (const pid_t pid : process::process_tree(jobs[job].pid)) {
      moved_[job] = std::max(moved_[job], process::bytes_moved(pid));
      for (const process::OpenInput& input : process::open_inputs(pid)) {
        File& file = files_[{input.device, input.inode}];
        file = {input.size, std::max(file.position, input.position), true};
      }
    }
  }
  InputPosition position;
  position.is_over = std::all_of(sources_.begin(), sources_.end(),
                                 [&](std::size_t job) { return jobs[job].state == JobState::ended; });
  if (files_.empty()) {
    for (const auto& [job, bytes] : moved_) position.bytes += bytes;
    return position;
  }
  position.total = 0;
  for (const auto& [id, file] : files_) {
    position.bytes += file.is_open ? file.position : file.size;
    *position.total += file.size;
  }
  return position;
}

}  // namespace mrf::run
