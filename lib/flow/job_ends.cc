// SPDX-License-Identifier: MIT
#include "flow/job_ends.h"

#include <algorithm>

#include "flow/descendants.h"

namespace mrf {

JobEnds::JobEnds(const Plan& plan, FifoSet& fifos)
    : plan_(plan), fifos_(fifos), closed_(plan), ends_(plan.jobs.size()) {
  for (std::size_t at = 0; at < plan.fifos.size(); ++at) {
    for (const std::size_t writer : plan.fifos[at].writers) ends_[writer].push_back({at, Side::writer});
    ends_[plan.fifos[at].reader].push_back({at, Side::reader});
  }
}

const JobRecord& JobEnds::job_at(FifoEnd end, const std::vector<JobRecord>& jobs) const {
  const PlannedFifo& fifo = plan_.fifos[end.fifo];
  return jobs[end.side == Side::reader ? fifo.reader : fifo.writers[0]];
}

void JobEnds::read_events(const std::vector<JobRecord>& jobs) {
  const auto now = Clock::now();
  for (const auto& [end, is_close] : fifos_.read_events()) {
    closed_.forget(end);
    if (is_close && job_at(end, jobs).state != JobState::ended) closed_.add(end, now);
  }
}

// A job that is exiting closes everything: what that means is known when it has been reaped.
void JobEnds::pass_closes_on(const std::vector<JobRecord>& jobs) {
  const auto now = Clock::now();
  for (const FifoEnd end : closed_.take_due(now)) {
    if (is_exiting(job_at(end, jobs).pid)) {
      closed_.add(end, now);
    } else {
      fifos_.set_through(end);
    }
  }
}

void JobEnds::job_ended(std::size_t job, bool is_end_of_data) {
  for (const FifoEnd end : ends_[job]) {
    closed_.forget(end);
    if (is_end_of_data) fifos_.set_through(end);
  }
}

void JobEnds::expect_writer(std::size_t job) {
  for (const FifoEnd end : ends_[job]) {
    if (end.side == Side::writer && plan_.fifos[end.fifo].writers.size() > 1)
      fifos_.expect_next_writer(end.fifo);
  }
}

bool JobEnds::has_lost_reader(std::size_t job) const {
  return std::any_of(ends_[job].begin(), ends_[job].end(), [this](FifoEnd end) {
    return end.side == Side::writer && fifos_.is_through({end.fifo, Side::reader});
  });
}

}  // namespace mrf
