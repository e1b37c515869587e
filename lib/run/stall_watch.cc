// SPDX-License-Identifier: MIT
#include "run/stall_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/join.h"
#include "base/seconds.h"
#include "process/proc_tree.h"

namespace mrf::run {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds least_step = 100ms;
constexpr std::chrono::milliseconds most_step = 500ms;
constexpr double idle_share = 0.02;
constexpr std::size_t most_named = 6;

std::vector<std::size_t> picture_of(const workflow::Plan& plan, const FifoSet& fifos,
                                    const std::vector<JobRecord>& jobs) {
  std::vector<std::size_t> picture;
  picture.reserve(3 * plan.fifos.size() + jobs.size());
  for (std::size_t at = 0; at < plan.fifos.size(); ++at) {
    const FifoLook look = fifos.look(at);
    picture.push_back(look.bytes);
    picture.push_back(static_cast<std::size_t>(look.reader));
    picture.push_back(static_cast<std::size_t>(look.writer));
  }
  for (const JobRecord& job : jobs) picture.push_back(static_cast<std::size_t>(job.state));
  return picture;
}

double processor_s_of(const std::vector<JobRecord>& jobs) {
  double sum = 0;
  for (const JobRecord& job : jobs) {
    if (job.pid <= 0 || job.state == JobState::ended) continue;
    for (const pid_t pid : process::process_tree(job.pid)) sum += process::processor_seconds(pid);
  }
  return sum;
}

}  // namespace

std::string describe_wait(const FifoLook& look, const std::string& writer, const std::string& reader) {
  const auto absent = [](EndUse use) { return use == EndUse::unopened; };
  if (look.is_left_open && look.writer == EndUse::through && look.bytes == 0) {
    return fmt::format("'{}' waits to read, what '{}' left behind does not write", reader, writer);
  }
  if (look.is_left_open && look.reader == EndUse::through && look.is_full) {
    return fmt::format("'{}' waits to write, what '{}' left behind does not read", writer, reader);
  }
  if (look.reader == EndUse::through || look.writer == EndUse::through) return "";
  if (absent(look.reader) && absent(look.writer)) {
    return fmt::format("neither '{}' nor '{}' has opened it", writer, reader);
  }
  if (look.is_full || (look.bytes > 0 && absent(look.reader))) {
    return fmt::format("'{}' {}, '{}' {}", writer, look.is_full ? "waits to write" : "has written to it",
                       reader, absent(look.reader) ? "has not opened it" : "does not read");
  }
  if (look.bytes == 0 && absent(look.reader)) return fmt::format("empty, '{}' has not opened it", reader);
  if (look.bytes == 0) {
    return fmt::format("'{}' waits to read, '{}' {}", reader, writer,
                       absent(look.writer) ? "has not opened it" : "does not write");
  }
  return "";
}

Waiting who_waits(const FifoLook& look) {
  if (look.reader == EndUse::through || look.writer == EndUse::through) return Waiting::nobody;
  if (look.is_full || (look.bytes > 0 && look.reader == EndUse::unopened)) return Waiting::writer;
  return look.bytes == 0 && look.reader == EndUse::open ? Waiting::reader : Waiting::nobody;
}

std::optional<std::string> StallWatch::look(Clock::time_point now, const FifoSet& fifos,
                                            const std::vector<JobRecord>& jobs) {
  if (now - looked_ < std::clamp(timeout_ / 3, least_step, most_step)) return std::nullopt;
  const double passed = base::seconds(now - std::exchange(looked_, now));
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
  return fmt::format("cannot go on with '{}': nothing has moved for {:.1f} s{}", plan_.file,
                     base::seconds(now - moved_), describe(fifos));
}

std::string StallWatch::describe(const FifoSet& fifos) const {
  std::set<std::string> waiting;
  std::set<std::string> waited_for;
  std::vector<std::string> waits;
  for (std::size_t at = 0; at < plan_.fifos.size(); ++at) {
    const workflow::PlannedFifo& fifo = plan_.fifos[at];
    const FifoLook look = fifos.look(at);
    const std::string writer = workflow::writer_name(plan_, fifo);
    const std::string reader = plan_.jobs[fifo.reader].display_name();
    const Waiting who = who_waits(look);
    if (who != Waiting::nobody) {
      waiting.insert(who == Waiting::writer ? writer : reader);
      waited_for.insert(who == Waiting::writer ? reader : writer);
    }
    const std::string wait = describe_wait(look, writer, reader);
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

}  // namespace mrf::run
