// SPDX-License-Identifier: MIT
#include "run/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/amounts.h"
#include "base/message.h"
#include "process/proc_tree.h"

namespace mrf::run {

namespace {

using namespace std::chrono_literals;

constexpr auto first_line = 1s;
constexpr auto later_lines = 10s;
constexpr std::string_view missed = "all is read";

// The samples of readers that have ended show less than they read.
bool was_missed(const InputPosition& position) { return !position.total && position.is_over; }

double share_of(const InputPosition& position) {
  if (!position.total || *position.total == 0) return 0;
  return std::min(1.0, static_cast<double>(position.bytes) / static_cast<double>(*position.total));
}

std::string rate_of(const InputPosition& position, double seconds) {
  return base::readable_bytes(seconds > 0 ? static_cast<double>(position.bytes) / seconds : 0) + "/s";
}

std::string left_of(const InputPosition& position, double seconds) {
  const double share = share_of(position);
  return share > 0 ? base::readable_seconds(seconds * (1 - share) / share) : "--:--";
}

// A picture may be lost; the data may not.
void show(const std::string& text) {
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

InputTracker::InputTracker(const workflow::Plan& plan) {
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) {
    if (plan.jobs[job].reads.empty()) sources_.push_back(job);
  }
}

InputPosition InputTracker::update(const std::vector<Job>& jobs) {
  for (auto& [id, file] : files_) file.is_open = false;
  for (const std::size_t job : sources_) {
    if (jobs[job].pid <= 0 || jobs[job].state == JobState::ended) continue;
    for (const pid_t pid : process::process_tree(jobs[job].pid)) {
      moved_[job] = std::max(moved_[job], process::bytes_moved(pid));
      for (const process::OpenInput& input : process::open_inputs(pid)) {
        File& file = files_[input.file];
        file = {input.size, std::max(file.position, input.position), true};
      }
    }
  }
  InputPosition position;
  position.is_over = std::all_of(sources_.begin(), sources_.end(),
                                 [&](std::size_t job) { return jobs[job].state == JobState::ended; });
  if (files_.empty()) {
    for (const auto& [job, bytes] : moved_) position.bytes += bytes;
    return position;
  }
  position.total = 0;
  for (const auto& [id, file] : files_) {
    position.bytes += file.is_open ? file.position : file.size;
    *position.total += file.size;
  }
  return position;
}

std::string progress_bar(const InputPosition& position, double seconds, std::size_t columns) {
  if (!position.total) {
    if (was_missed(position)) return std::string(missed).substr(0, columns);
    const std::string line =
        fmt::format("{:>9}  {:>11}", base::readable_bytes(static_cast<double>(position.bytes)),
                    rate_of(position, seconds));
    return line.substr(0, columns);
  }
  const std::string numbers = fmt::format(" {:3.0f}%  {:>11}  {:>5}", 100 * share_of(position),
                                          rate_of(position, seconds), left_of(position, seconds));
  if (columns < numbers.size() + 6) return numbers.substr(0, columns);
  const std::size_t room = columns - numbers.size() - 2;
  const auto done = static_cast<std::size_t>(share_of(position) * static_cast<double>(room));
  return "[" + std::string(done, '#') + std::string(room - done, '.') + "]" + numbers;
}

std::string progress_sentence(const InputPosition& position, double seconds) {
  if (was_missed(position)) return std::string(missed);
  if (!position.total) {
    return fmt::format("read {}, {}", base::readable_bytes(static_cast<double>(position.bytes)),
                       rate_of(position, seconds));
  }
  return fmt::format("{:.0f}% of {}, {}, {} left", 100 * share_of(position),
                     base::readable_bytes(static_cast<double>(*position.total)), rate_of(position, seconds),
                     left_of(position, seconds));
}

Progress::Progress(const workflow::Plan& plan)
    : input_(plan), is_terminal_(::isatty(STDERR_FILENO) == 1), say_at_(started_ + first_line) {
  base::set_bar_below(is_terminal_);
}

Progress::~Progress() {
  if (!is_terminal_) return;
  show("\r\x1b[J");
  base::set_bar_below(false);
}

void Progress::update(Clock::time_point now, const std::vector<Job>& jobs) {
  const InputPosition position = input_.update(jobs);
  if (!is_terminal_ && now < say_at_) return;
  const double passed = base::seconds(now - started_);
  if (is_terminal_) {
    show("\r\x1b[J" + progress_bar(position, passed, base::terminal_columns() - 1) + "\r");
  } else {
    say_at_ = now + later_lines;
    base::warn(progress_sentence(position, passed));
  }
}

}  // namespace mrf::run
