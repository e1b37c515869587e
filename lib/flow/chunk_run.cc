// SPDX-License-Identifier: MIT
#include "flow/chunk_run.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "sys/error.h"
#include "sys/io.h"

namespace mrf {

namespace {

// Chunks that have ended wait for an earlier one: so many for each filter that may run.
constexpr std::size_t chunks_to_filter = 4;

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
    wait();
    if (const auto failed = serve()) return *failed;
    drain();
  }
}

ChunkCounts ChunkRun::counts() const {
  return {source_.name(), chunks_, source_.records(), source_.bytes(), bytes_out_};
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

void ChunkRun::wait() const {
  std::vector<pollfd> polled;
  for (const ChunkFilter& filter : filters_) filter.add_to(polled);
  if (const auto fd = source_.fd(); fd && has_room()) polled.push_back({fd->get(), POLLIN, 0});
  // Nothing tells that the output of a filter that has ended is over when it left a child behind.
  const bool has_rest = std::any_of(filters_.begin(), filters_.end(), [](const ChunkFilter& filter) {
    return filter.has_ended() && !filter.is_done();
  });
  if (::poll(polled.data(), polled.size(), has_rest ? 0 : -1) < 0 && errno != EINTR) {
    throw SystemError("wait for", "filters");
  }
}

std::optional<int> ChunkRun::serve() {
  for (ChunkFilter& filter : filters_) {
    filter.feed(source_);
    if (filter.has_ended()) continue;
    filter.look(command_.words);
    if (!filter.has_ended()) continue;
    if (!filter.outcome().succeeded()) return filter.outcome().status();
    --running_;
    sizer_.add(filter.chunk_size(), filter.cpu_s());
  }
  return std::nullopt;
}

// What goes straight to the output needs no temporary file: the others wait while the first one writes.
void ChunkRun::drain() {
  const std::string name(stdout_name);
  bool any = false;
  while (!filters_.empty()) {
    any = filters_.front().drain(FdRef(STDOUT_FILENO), name);
    if (!filters_.front().is_done()) break;
    bytes_out_ += filters_.front().bytes_out();
    filters_.pop_front();
  }
  if (any) return;
  for (std::size_t at = 1; at < filters_.size(); ++at) filters_[at].drain(std::nullopt, name);
}

}  // namespace mrf
