// SPDX-License-Identifier: MIT
#include "run/rounds.h"

#include <algorithm>

namespace mrf::run {

std::vector<std::size_t> RoundCounter::first() const {
  std::vector<std::size_t> first;
  first.reserve(plan_.jobs.size());
  for (std::size_t at = 0; at < plan_.jobs.size(); ++at) {
    if (plan_.jobs[at].round == 0) first.push_back(at);
  }
  return first;
}

std::vector<std::size_t> RoundCounter::take_next(const std::vector<JobRecord>& jobs) {
  std::vector<std::size_t> next;
  for (std::size_t section = 0; section < begun_.size(); ++section) {
    const workflow::Rounds& rounds = plan_.sections[section];
    if (begun_[section] == rounds.size()) continue;
    const auto& last = rounds[begun_[section] - 1];
    const bool over = std::all_of(last.begin(), last.end(),
                                  [&](std::size_t job) { return jobs[job].state == JobState::ended; });
    if (!over) continue;
    const auto& jobs_of_next = rounds[begun_[section]++];
    next.insert(next.end(), jobs_of_next.begin(), jobs_of_next.end());
  }
  return next;
}

}  // namespace mrf::run
