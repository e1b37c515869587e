// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include "flow/report.h"
#include "sys/seconds.h"

namespace mrf {

namespace {

struct Pressure {
  double input_full = 0;
  double output_empty = 0;
  std::uint64_t inputs = 0;
  std::uint64_t outputs = 0;
  double cpu_share = 0;
};

double mean(double sum, std::uint64_t count) { return count == 0 ? 1.0 : sum / static_cast<double>(count); }

}  // namespace

std::string find_bottleneck(const Plan& plan, const std::vector<JobRecord>& jobs, const FifoSet& fifos) {
  std::map<std::string, Pressure> groups;
  bool seen = false;
  for (std::size_t at = 0; at < plan.fifos.size(); ++at) {
    const FifoSamples& samples = fifos.samples(at);
    if (samples.looks == 0) continue;
    seen = true;
    const auto looks = static_cast<double>(samples.looks);
    Pressure& writer = groups[plan.jobs[plan.fifos[at].writers[0]].name];
    writer.output_empty += static_cast<double>(samples.empty) / looks;
    ++writer.outputs;
    Pressure& reader = groups[plan.jobs[plan.fifos[at].reader].name];
    reader.input_full += static_cast<double>(samples.full) / looks;
    ++reader.inputs;
  }
  if (!seen) return "";
  for (std::size_t at = 0; at < jobs.size(); ++at) {
    Pressure& group = groups[plan.jobs[at].name];
    const double wall = std::max(jobs[at].wall.count(), 1e-6);
    const double cpu = seconds(jobs[at].usage.ru_utime) + seconds(jobs[at].usage.ru_stime);
    group.cpu_share = std::max(group.cpu_share, cpu / wall);
  }
  // The processor time decides between jobs whose FIFOs look alike.
  const auto score = [](const Pressure& group) {
    return mean(group.input_full, group.inputs) * mean(group.output_empty, group.outputs) +
           0.1 * std::min(group.cpu_share, 1.0);
  };
  return std::max_element(groups.begin(), groups.end(),
                          [&](const auto& a, const auto& b) { return score(a.second) < score(b.second); })
      ->first;
}

}  // namespace mrf
