// SPDX-License-Identifier: MIT
#include "run/job_record.h"

#include <signal.h>

#include <algorithm>

namespace mrf {

bool any_left(const std::vector<JobRecord>& jobs) {
  return std::any_of(jobs.begin(), jobs.end(),
                     [](const JobRecord& job) { return job.state != JobState::ended; });
}

void signal_all(const std::vector<JobRecord>& jobs, int signal) {
  for (const JobRecord& job : jobs) {
    if (job.pid <= 0 || job.state == JobState::ended) continue;
    ::kill(-job.pid, signal);
    ::kill(-job.pid, SIGCONT);
  }
}

}  // namespace mrf
