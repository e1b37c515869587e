// SPDX-License-Identifier: MIT
#include "run/progress.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <string_view>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"
#include "process/proc_tree.h"

namespace mrf::run {

namespace {

using namespace std::chrono_literals;

constexpr auto first_line = 1s;
constexpr auto later_lines = 10s;
constexpr auto event_period = 1s;
constexpr auto look_period = 1s;
constexpr std::size_t most_busiest_columns = 16;
constexpr std::size_t most_measured_jobs = 64;  // whose processes are looked at once a second

// A picture that cannot be written is left out.
void show(const std::string& text) {
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
}

std::size_t longest_name(const workflow::Plan& plan) {
  std::size_t longest = 0;
  for (const workflow::PlannedJob& job : plan.jobs) longest = std::max(longest, job.name.size());
  return std::min(longest, most_busiest_columns);
}

double processor_seconds_of(const Job& job) {
  double seconds = 0;
  for (const pid_t pid : process::process_tree(job.pid)) seconds += process::processor_seconds(pid);
  return seconds;
}

int parse_event_fd(const std::string& text) {
  const std::string digits = text.substr(text.find(':') + 1);
  int fd = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), fd);
  if (error != std::errc() || end != digits.data() + digits.size() || fd < 0)
    throw base::UsageError("use option", "--progress",
                           "'" + digits + "' is not the number of a file descriptor");
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
    throw base::UsageError("use option", "--progress",
                           "file descriptor " + digits + " is not open for writing");
  if (fd > STDERR_FILENO) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

}  // namespace

ProgressOptions parse_progress(const std::string& text) {
  if (text == "auto") return {::isatty(STDERR_FILENO) == 1 ? ProgressStyle::bar : ProgressStyle::log};
  if (text == "bar") return {ProgressStyle::bar};
  if (text == "log") return {ProgressStyle::log};
  if (text == "none") return {ProgressStyle::none};
  if (text == "json") return {ProgressStyle::json};
  if (text.starts_with("json:")) return {ProgressStyle::json, parse_event_fd(text)};
  throw base::UsageError("use option", "--progress",
                         "it takes bar, log, json, json:FD or none, not '" + text + "'");
}

namespace {

// Whether an event may be left out: the reader is so far behind that the last event might find no room. Each
// page of a pipe is at least half full of events.
bool is_too_slow(int fd) {
  pollfd polled{fd, POLLOUT, 0};
  if (::poll(&polled, 1, 0) != 1 || (polled.revents & POLLOUT) == 0) return true;
  int unread = 0;
  const int capacity = ::fcntl(fd, F_GETPIPE_SZ);
  return capacity > 0 && ::ioctl(fd, FIONREAD, &unread) == 0 && unread > capacity / 4;
}

}  // namespace

void write_event(const ProgressOptions& options, const Json& event, bool may_be_lost) {
  if (options.style != ProgressStyle::json) return;
  const std::string line = event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (line.size() > PIPE_BUF) return;
  if (may_be_lost && is_too_slow(options.fd)) return;
  while (::write(options.fd, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

const std::string& BusiestJob::update(Clock::time_point now, const std::vector<Job>& jobs) {
  const double passed_s = base::seconds(now - looked_at_);
  if (now - looked_at_ < look_period) return name_;
  looked_at_ = now;
  const auto alive = std::count_if(jobs.begin(), jobs.end(), [](const Job& job) { return job.is_alive(); });
  const bool is_measured = alive <= static_cast<std::ptrdiff_t>(most_measured_jobs);
  std::map<std::string_view, double> scores;
  for (std::size_t at = 0; at < jobs.size(); ++at) {
    const Job& job = jobs[at];
    if (!job.is_alive()) continue;
    // As in find_bottleneck(): processor time decides between jobs that were equally busy.
    const double cpu = is_measured ? processor_seconds_of(job) : 0;
    const double used = std::clamp((cpu - cpu_[at]) / passed_s, 0.0, 1.0);
    const double score = (job.busy - busy_[at]) / passed_s / 10 + 0.1 * used;
    busy_[at] = job.busy;
    cpu_[at] = cpu;
    double& best = scores[plan_.jobs[at].name];
    best = std::max(best, score);
  }
  const auto busiest = std::max_element(scores.begin(), scores.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  name_ = busiest == scores.end() ? "" : std::string(busiest->first);
  return name_;
}

Progress::Progress(const workflow::Plan& plan, ProgressOptions options)
    : options_(options),
      busiest_(plan),
      busiest_columns_(longest_name(plan)),
      say_at_(started_ + (options.style == ProgressStyle::log ? first_line : 0s)) {
  base::set_bar_below(options_.style == ProgressStyle::bar);
}

Progress::~Progress() {
  if (options_.style != ProgressStyle::bar) return;
  show("\r\x1b[J");
  base::set_bar_below(false);
}

void Progress::update(Clock::time_point now, const InputPosition& position, const std::vector<Job>& jobs) {
  const std::string& busiest = busiest_.update(now, jobs);
  if (now < say_at_) return;
  const ProgressState state{position, base::seconds(now - started_), busiest, busiest_columns_};
  if (options_.style == ProgressStyle::bar) {
    show("\r\x1b[J" + progress_bar(state, base::terminal_columns() - 1) + "\r");
  } else if (options_.style == ProgressStyle::log) {
    say_at_ = now + later_lines;
    base::warn(progress_sentence(state));
  } else {
    say_at_ = now + event_period;
    Json event = progress_event(state);
    const auto is_in = [](JobState wanted) {
      return [wanted](const Job& job) { return job.state == wanted; };
    };
    event["jobs_running"] =
        std::count_if(jobs.begin(), jobs.end(), [](const Job& job) { return job.is_alive(); });
    event["jobs_ended"] = std::count_if(jobs.begin(), jobs.end(), is_in(JobState::ended));
    write_event(options_, event, true);
  }
}

}  // namespace mrf::run
