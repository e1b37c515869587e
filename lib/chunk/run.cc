// SPDX-License-Identifier: MIT
#include "chunk/run.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "io/io.h"

namespace mrf {

namespace {

// Chunks that have ended wait for an earlier one: so many for each filter that may run.
constexpr std::size_t chunks_to_filter = 4;

// What goes through a temporary file is written twice: it is worth that while the first filter is slow.
constexpr int waiting_to_moving = 4;
constexpr int patience_ms = 1;
constexpr std::chrono::milliseconds most_spare{10};

bool is_readable(FdRef fd) {
  pollfd polled{fd.get(), POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

}  // namespace

ChunkRun::ChunkRun(const ChunkCommand& command)
    : command_(command), source_(command.input, command.form, command.records, meter_) {}

int ChunkRun::run() {
  for (;;) {
    start_filters();
    if (source_.is_over() && filters_.empty()) return 0;
    if (const auto failed = serve(wait())) return *failed;
    drain();
  }
}

ChunkCounts ChunkRun::counts() const {
  return {source_.name(),
          chunks_,
          source_.records(),
          source_.bytes(),
          bytes_out_,
          filters_s_,
          std::min(filters_s_, sizer_.start_s() * static_cast<double>(chunks_))};
}

bool ChunkRun::has_room() const {
  return !source_.is_over() && running_ < command_.filters &&
         filters_.size() < chunks_to_filter * command_.filters;
}

void ChunkRun::start_filters() {
  while (has_room()) {
    if (const auto fd = source_.fd(); fd && !is_readable(*fd)) return;
    if (auto chunk = source_.next(sizer_.next())) {
      filters_.emplace_back(command_.words, std::move(*chunk));
      filters_.back().feed(source_);
      ++running_;
      ++chunks_;
    }
  }
}

bool ChunkRun::may_drain(const ChunkFilter& filter) const {
  return &filter == &filters_.front() || spare_ > Clock::duration::zero();
}

std::vector<pollfd> ChunkRun::wait() {
  std::vector<pollfd> polled;
  bool has_rest = false;
  for (const ChunkFilter& filter : filters_) {
    const FilterPolls polls = filter.polls(may_drain(filter));
    polled.insert(polled.end(), polls.begin(), polls.end());
    // Nothing tells that the output of a filter that has ended is over when it left a child behind.
    has_rest |= filter.has_ended() && !filter.is_done() && may_drain(filter);
  }
  if (const auto fd = source_.fd(); fd && has_room()) polled.push_back({fd->get(), POLLIN, 0});
  int timeout = -1;
  if (has_rest) {
    timeout = 0;
  } else if (spare_ <= Clock::duration::zero()) {
    timeout = patience_ms;
  }
  const auto begin = Clock::now();
  if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR) {
    throw SystemError("wait for", "filters");
  }
  spare_ = std::min<Clock::duration>(spare_ + (Clock::now() - begin), most_spare);
  return polled;
}

std::optional<int> ChunkRun::serve(const std::vector<pollfd>& polled) {
  FilterPolls polls;
  auto at = polled.begin();
  for (ChunkFilter& filter : filters_) {
    std::copy_n(at, polls.size(), polls.begin());
    at += polls.size();
    if (filter.has_ended()) continue;
    filter.serve(polls, source_, command_.words);
    if (!filter.has_ended()) continue;
    if (!filter.outcome().succeeded()) return filter.outcome().status();
    --running_;
    filters_s_ += filter.cpu_s();
    sizer_.add(filter.chunk_size(), filter.cpu_s());
  }
  return std::nullopt;
}

// What goes straight to the output needs no temporary file: the others get the time that the first one
// leaves.
void ChunkRun::drain() {
  const std::string name(stdout_name);
  bool any = false;
  while (!filters_.empty()) {
    any = filters_.front().drain(pipe_drain_, FdRef(STDOUT_FILENO), name);
    if (!filters_.front().is_done()) break;
    bytes_out_ += filters_.front().bytes_out();
    filters_.pop_front();
  }
  if (any || spare_ <= Clock::duration::zero()) return;
  const auto begin = Clock::now();
  for (std::size_t at = 1; at < filters_.size(); ++at) filters_[at].drain(pipe_drain_, std::nullopt, name);
  spare_ -= waiting_to_moving * (Clock::now() - begin);
}

}  // namespace mrf
