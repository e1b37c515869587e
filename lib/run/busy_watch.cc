// SPDX-License-Identifier: MIT
#include "run/busy_watch.h"

namespace mrf::run {

namespace {

struct Readiness {
  std::size_t in_use = 0;
  std::size_t waiting = 0;

  void add(bool waits) {
    ++in_use;
    waiting += waits ? 1 : 0;
  }
  double ready() const {
    return in_use == 0 ? 1.0 : static_cast<double>(in_use - waiting) / static_cast<double>(in_use);
  }
};

}  // namespace

void BusyWatch::look(const FifoSet& fifos, const std::vector<JobRecord>& jobs) {
  ++looks_;
  std::vector<Readiness> inputs(jobs.size());
  std::vector<Readiness> outputs(jobs.size());
  for (std::size_t at = 0; at < plan_.fifos.size(); ++at) {
    const FifoSamples& samples = fifos.samples(at);
    if (!samples.in_use) continue;
    inputs[plan_.fifos[at].reader].add(samples.was_empty);
    for (const std::size_t writer : plan_.fifos[at].writers) outputs[writer].add(samples.was_full);
  }
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    if (jobs[job].state == JobState::running) busy_[job] += inputs[job].ready() * outputs[job].ready();
  }
}

}  // namespace mrf::run
