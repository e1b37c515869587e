// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include "base/seconds.h"
#include "run/report.h"

namespace mrf::run {

std::string find_bottleneck(const workflow::Plan& plan, const Supervisor& supervisor) {
  const BusyWatch& busy = supervisor.busy();
  if (busy.looks() == 0 || plan.fifos.empty()) return "";
  const double wall = std::max(supervisor.wall().count(), 1e-6);
  std::map<std::string, double> scores;
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    const rusage& usage = supervisor.jobs()[at].usage;
    const double cpu = base::seconds(usage.ru_utime) + base::seconds(usage.ru_stime);
    // The processor time decides between jobs that were busy alike.
    const double score = busy.share(at) + 0.1 * std::min(cpu / wall, 1.0);
    double& best = scores[plan.jobs[at].name];
    best = std::max(best, score);
  }
  return std::max_element(scores.begin(), scores.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace mrf::run
