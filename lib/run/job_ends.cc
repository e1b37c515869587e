// SPDX-License-Identifier: MIT
#include "run/job_ends.h"

#include <fmt/format.h>

#include <algorithm>

#include "process/descendants.h"

namespace mrf {

JobEnds::JobEnds(const Plan& plan, FifoSet& fifos)
    : plan_(plan), fifos_(fifos), closed_(plan), ends_(plan.jobs.size()) {
  for (std::size_t at = 0; at < plan.fifos.size(); ++at) {
    for (const std::size_t writer : plan.fifos[at].writers) ends_[writer].push_back({at, Side::writer});
    ends_[plan.fifos[at].reader].push_back({at, Side::reader});
  }
}

std::size_t JobEnds::job_at(FifoEnd end) const {
  const PlannedFifo& fifo = plan_.fifos[end.fifo];
  return end.side == Side::reader ? fifo.reader : fifo.writers[0];
}

void JobEnds::on_open(FifoEnd end) {
  if (fault_ || !fifos_.is_through(end) || fifos_.reopen(end)) return;
  fault_.emplace(
      Status::failure, "go on with", plan_.fifos[end.fifo].name,
      fmt::format("'{}' opened it again after it had closed it", plan_.jobs[job_at(end)].display_name()));
}

void JobEnds::read_events(const std::vector<JobRecord>& jobs) {
  const auto now = Clock::now();
  for (const auto& [end, is_close] : fifos_.read_events()) {
    closed_.forget(end);
    if (jobs[job_at(end)].state == JobState::ended) continue;
    if (is_close) {
      closed_.add(end, now);
    } else {
      on_open(end);
    }
  }
}

// As long as there is room in the FIFO, its writer misses nothing: the reader may still come back.
bool JobEnds::matters(FifoEnd end) const {
  return end.side == Side::writer || fifos_.is_through({end.fifo, Side::writer}) ||
         fifos_.look(end.fifo).is_full;
}

// A job that is exiting closes everything: what that means is known when it has been reaped.
void JobEnds::pass_closes_on(const std::vector<JobRecord>& jobs) {
  const auto now = Clock::now();
  for (const FifoEnd end : closed_.take_due(now)) {
    const pid_t pid = jobs[job_at(end)].pid;
    if (is_exiting(pid) || !matters(end)) {
      closed_.add(end, now);
    } else if (!fifos_.is_held(end, pid)) {
      fifos_.set_closed(end);
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
