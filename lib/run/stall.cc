// SPDX-License-Identifier: MIT
#include "run/stall.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/amounts.h"
#include "base/error.h"
#include "base/join.h"
#include "process/blocked.h"
#include "process/proc_tree.h"

namespace mrf::run {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds least_step = 100ms;
constexpr std::chrono::milliseconds most_step = 500ms;
constexpr double idle_share = 0.02;
constexpr std::size_t most_named = 6;

std::vector<std::size_t> picture_of(const workflow::Plan& plan, const FifoSet& fifos,
                                    const std::vector<Job>& jobs) {
  std::vector<std::size_t> picture;
  picture.reserve(3 * plan.fifos.size() + jobs.size());
  for (std::size_t at = 0; at < plan.fifos.size(); ++at) {
    const FifoState state = fifos.state(at);
    picture.push_back(state.bytes);
    picture.push_back(static_cast<std::size_t>(state.reader));
    picture.push_back(static_cast<std::size_t>(state.writer));
  }
  for (const Job& job : jobs) picture.push_back(static_cast<std::size_t>(job.state));
  return picture;
}

double processor_s_of(const std::vector<Job>& jobs) {
  double sum = 0;
  for (const Job& job : jobs) {
    if (job.pid <= 0 || job.state == JobState::ended) continue;
    for (const pid_t pid : process::process_tree(job.pid)) sum += process::processor_seconds(pid);
  }
  return sum;
}

constexpr std::chrono::seconds first_step{1};

}  // namespace

std::string describe_wait(const FifoState& state, const std::string& writer, const std::string& reader) {
  const auto absent = [](EndUse use) { return use == EndUse::unopened; };
  if (state.is_left_open && state.writer == EndUse::through && state.bytes == 0) {
    return fmt::format("'{}' waits to read, what '{}' left behind does not write", reader, writer);
  }
  if (state.is_left_open && state.reader == EndUse::through && state.is_full) {
    return fmt::format("'{}' waits to write, what '{}' left behind does not read", writer, reader);
  }
  if (state.reader == EndUse::through || state.writer == EndUse::through) return "";
  if (absent(state.reader) && absent(state.writer)) {
    return fmt::format("neither '{}' nor '{}' has opened it", writer, reader);
  }
  if (state.is_full || (state.bytes > 0 && absent(state.reader))) {
    return fmt::format("'{}' {}, '{}' {}", writer, state.is_full ? "waits to write" : "has written to it",
                       reader, absent(state.reader) ? "has not opened it" : "does not read");
  }
  if (state.bytes == 0 && absent(state.reader)) return fmt::format("empty, '{}' has not opened it", reader);
  if (state.bytes == 0) {
    return fmt::format("'{}' waits to read, '{}' {}", reader, writer,
                       absent(state.writer) ? "has not opened it" : "does not write");
  }
  return "";
}

Waiting who_waits(const FifoState& state) {
  if (state.reader == EndUse::through || state.writer == EndUse::through) return Waiting::nobody;
  if (state.is_full || (state.bytes > 0 && state.reader == EndUse::unopened)) return Waiting::writer;
  return state.bytes == 0 && state.reader == EndUse::open ? Waiting::reader : Waiting::nobody;
}

std::optional<std::string> StallDetector::update(Clock::time_point now, const FifoSet& fifos,
                                                 const std::vector<Job>& jobs) {
  if (now - updated_ < std::clamp(timeout_ / 3, least_step, most_step)) return std::nullopt;
  const double passed = base::seconds(now - std::exchange(updated_, now));
  auto picture = picture_of(plan_, fifos, jobs);
  const double processor_s = processor_s_of(jobs);
  const bool busy = processor_s - std::exchange(processor_s_, processor_s) > idle_share * passed;
  if (picture != picture_ || busy) {
    const double stood = base::seconds(now - moved_);
    picture_ = std::move(picture);
    moved_ = now;
    if (std::exchange(told_, false))
      return fmt::format("'{}' moves again, after {:.1f} s", plan_.file, stood);
  }
  if (told_ || now - moved_ < timeout_) return std::nullopt;
  told_ = true;
  return fmt::format("cannot continue '{}': nothing has moved for {:.1f} s{}", plan_.file,
                     base::seconds(now - moved_), describe(fifos));
}

std::string StallDetector::describe(const FifoSet& fifos) const {
  std::set<std::string> waiting;
  std::set<std::string> waited_for;
  std::vector<std::string> waits;
  for (std::size_t at = 0; at < plan_.fifos.size(); ++at) {
    const workflow::PlannedFifo& fifo = plan_.fifos[at];
    const FifoState state = fifos.state(at);
    const std::string writer = workflow::writer_name(plan_, fifo);
    const std::string reader = plan_.jobs[fifo.reader].display_name();
    const Waiting who = who_waits(state);
    if (who != Waiting::nobody) {
      waiting.insert(who == Waiting::writer ? writer : reader);
      waited_for.insert(who == Waiting::writer ? reader : writer);
    }
    const std::string wait = describe_wait(state, writer, reader);
    if (!wait.empty()) waits.push_back(fmt::format("{}: {}", fifo.name, wait));
  }
  std::vector<std::string> causes;
  for (const auto& job : waited_for) {
    if (!waiting.contains(job)) causes.push_back(fmt::format("'{}'", job));
  }
  const auto first = [](std::vector<std::string>& list, const char* between) {
    const std::size_t left_out = list.size() - std::min(list.size(), most_named);
    list.resize(list.size() - left_out);
    const std::string text = base::join(list, between);
    return left_out == 0 ? text : fmt::format("{}{}{} more", text, between, left_out);
  };
  std::string text;
  if (!causes.empty()) text += fmt::format(", all wait for {}", first(causes, ", "));
  if (!waits.empty()) text += "; " + first(waits, "; ");
  return text;
}

std::optional<std::string> DeadlockDetector::update(Clock::time_point now, const FifoSet& fifos,
                                                    const std::vector<Job>& jobs, pid_t root,
                                                    const std::function<bool()>& is_quiet) {
  // While the state of any FIFO changes, some job works, and the jobs do not wait in a circle.
  std::vector<std::size_t> picture;
  picture.reserve(plan_.fifos.size());
  for (std::size_t at = 0; at < plan_.fifos.size(); ++at) {
    const FifoSamples& samples = fifos.samples(at);
    picture.push_back(samples.in_use ? samples.was_empty + 2U * samples.was_full + 1 : 0);
  }
  if (picture != picture_) {
    picture_ = std::move(picture);
    step_ = first_step;
    try_at_ = now + step_;
  }
  if (now < try_at_ || picture_.empty()) return std::nullopt;
  step_ *= 2;
  try_at_ = now + step_;
  if (!is_deadlock(fifos, root, is_quiet)) return std::nullopt;
  return describe(fifos, jobs);
}

bool DeadlockDetector::is_deadlock(const FifoSet& fifos, pid_t root,
                                   const std::function<bool()>& is_quiet) const {
  try {
    std::set<io::FileId> between;
    for (std::size_t at = 0; at < plan_.fifos.size(); ++at) between.insert(io::file_id(fifos.path(at)));
    const process::BlockedTree tree(root, std::move(between));
    const auto before = tree.snapshot();
    return before && !before->empty() && tree.snapshot() == before && is_quiet();
  } catch (const base::Error&) {  // the FIFOs are gone
    return false;
  }
}

std::string DeadlockDetector::describe(const FifoSet& fifos, const std::vector<Job>& jobs) const {
  std::string waits;
  for (std::size_t at = 0; at < plan_.fifos.size(); ++at) {
    const workflow::PlannedFifo& fifo = plan_.fifos[at];
    const FifoState state = fifos.state(at);
    const std::string writer = workflow::writer_name(plan_, fifo);
    const std::string reader = plan_.jobs[fifo.reader].display_name();
    if (state.writer == EndUse::open && state.reader == EndUse::open && state.bytes == 0 &&
        fifo.writers.size() == 1) {
      const Job& job = jobs[fifo.writers[0]];
      if (job.is_alive() && !process::has_open(job.pid, io::file_id(fifos.path(at)), true)) {
        return fmt::format(
            "no job can go on: '{}' waits for the end of '{}', which '{}' has closed but might open again; "
            "where "
            "that is the end of its data, write out:{}!",
            reader, fifo.name, writer, fifo.name);
      }
    }
    const std::string wait = describe_wait(state, writer, reader);
    if (!wait.empty()) waits += fmt::format("{}{}: {}", waits.empty() ? "" : "; ", fifo.name, wait);
  }
  return "no job can go on, since they wait for each other: " + waits;
}

}  // namespace mrf::run
