// SPDX-License-Identifier: MIT
#include "run/closed_ends.h"

#include <algorithm>

namespace mrf {

namespace {

using namespace std::chrono_literals;

constexpr auto with_other_outputs = 5ms;
constexpr auto without = 250ms;

}  // namespace

ClosedEnds::ClosedEnds(const Plan& plan)
    : plan_(plan), writer_is_open_(plan.fifos.size(), true), open_outputs_(plan.jobs.size()) {
  for (const PlannedFifo& fifo : plan.fifos) {
    for (const std::size_t writer : fifo.writers) ++open_outputs_[writer];
  }
}

void ClosedEnds::set_writer_open(std::size_t fifo, bool is_open) {
  if (writer_is_open_[fifo] == is_open) return;
  writer_is_open_[fifo] = is_open;
  std::size_t& outputs = open_outputs_[plan_.fifos[fifo].writers[0]];
  outputs = is_open ? outputs + 1 : outputs - 1;
}

void ClosedEnds::add(FifoEnd end, Clock::time_point now) {
  forget(end);
  if (end.side == Side::writer) set_writer_open(end.fifo, false);
  closed_.push_back({end, now});
}

void ClosedEnds::forget(FifoEnd end) {
  if (end.side == Side::writer) set_writer_open(end.fifo, true);
  std::erase_if(closed_,
                [end](const Closed& one) { return one.end.fifo == end.fifo && one.end.side == end.side; });
}

ClosedEnds::Clock::time_point ClosedEnds::due(const Closed& closed) const {
  const bool writes_on =
      closed.end.side == Side::writer && open_outputs_[plan_.fifos[closed.end.fifo].writers[0]] > 0;
  return closed.since + (writes_on ? with_other_outputs : without);
}

std::optional<ClosedEnds::Clock::time_point> ClosedEnds::due() const {
  std::optional<Clock::time_point> first;
  for (const Closed& one : closed_) first = first ? std::min(*first, due(one)) : due(one);
  return first;
}

std::vector<FifoEnd> ClosedEnds::take_due(Clock::time_point now) {
  std::vector<FifoEnd> ends;
  std::erase_if(closed_, [&](const Closed& one) {
    if (due(one) > now) return false;
    ends.push_back(one.end);
    return true;
  });
  return ends;
}

}  // namespace mrf
