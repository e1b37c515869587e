// SPDX-License-Identifier: MIT
#include "run/judgement.h"

namespace mrf::run {

std::size_t first_in_flow(const workflow::Plan& plan, const std::vector<std::size_t>& jobs) {
  std::vector<bool> is_one(plan.jobs.size());
  for (const std::size_t job : jobs) is_one[job] = true;
  std::vector<std::vector<std::size_t>> readers(plan.jobs.size());
  std::vector<std::size_t> writers_left(plan.jobs.size());
  for (const workflow::PlannedFifo& fifo : plan.fifos) {
    for (const std::size_t writer : fifo.writers) {
      readers[writer].push_back(fifo.reader);
      ++writers_left[fifo.reader];
    }
  }
  // Sources first, then the jobs all of whose writers have had their turn (the graph has no cycle).
  std::vector<std::size_t> order;
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) {
    if (writers_left[job] == 0) order.push_back(job);
  }
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (is_one[order[at]]) return order[at];
    for (const std::size_t reader : readers[order[at]]) {
      if (--writers_left[reader] == 0) order.push_back(reader);
    }
  }
  return jobs.at(0);
}

}  // namespace mrf::run
