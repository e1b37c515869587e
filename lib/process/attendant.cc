// SPDX-License-Identifier: MIT
#include "process/attendant.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "io/last_lines.h"
#include "io/pipe_lines.h"
#include "io/regular_file.h"
#include "process/child.h"
#include "process/launch.h"
#include "process/run_signals.h"
#include "process/watchdog.h"

namespace mrf::process {

namespace {

using namespace std::chrono_literals;

constexpr auto tick_period = 1s;
constexpr auto time_to_clean_up = 10s;  // of what is left of a command that a signal has ended

// A file without a name: a pipe would have to be read while the command runs, and would not end while the
// watchdog has it open.
io::Fd memory_file() {
  io::Fd file(io::adopt_fd, ::memfd_create("output", MFD_CLOEXEC));
  if (!file.is_open()) throw base::SystemError("make", "memory for the output of a command");
  return file;
}

std::string content_of_memory(io::FdRef file) {
  std::string text;
  std::array<char, 65536> piece{};
  for (;;) {
    const ssize_t n = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw base::SystemError("read", "output of a command");
    if (n == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(n));
  }
}

void wait_for_any(std::vector<pollfd>& polled, Attendant::Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Attendant::Clock::now()).count();
  const int n = ::poll(polled.data(), polled.size(), static_cast<int>(std::clamp<long long>(left, 0, 1000)));
  if (n < 0 && errno != EINTR) throw base::SystemError("wait for", "a command");
}

}  // namespace

// One command while it runs.
class Attendant::Attended {
 public:
  Attended(const AttendedCommand& command, std::chrono::milliseconds grace)
      : command_(command),
        output_(command.keeps_output ? memory_file() : io::Fd()),
        log_(command.log.empty() ? io::Fd()
                                 : io::open_regular_file(command.log, O_WRONLY | O_CREAT | O_APPEND)),
        watchdog_([this](std::size_t) { return spec(); }, [] {}, grace),
        launched_(watchdog_.launch(0)),
        lines_(std::move(launched_.standard_error), [this](const std::string& line) { take(line); }) {}

  std::vector<pollfd> polled(io::FdRef signals) const {
    return {{signals.get(), POLLIN, 0},
            {watchdog_.events().get(), POLLIN, 0},
            {has_lines_ ? lines_.fd().get() : -1, POLLIN, 0}};
  }

  // Takes what the command has written, and its end. True when it has ended.
  bool pump() {
    has_lines_ = has_lines_ && lines_.pump();
    for (const EndedProcess& ended : watchdog_.take_ended()) {
      if (ended.pid == launched_.pid) outcome_ = Outcome::of_wait_status(ended.wait_status);
    }
    if (!outcome_ && watchdog_.lost())
      throw base::Error(base::Status::failure, "wait for", command_.words[0], "the watchdog is gone");
    return outcome_.has_value();
  }

  void signal(int number) const { ::kill(-launched_.pid, number); }
  void kill() const { signal(SIGKILL); }

  AttendedEnd conclude(int signal) {
    require_start(launched_.failure, command_.words[0]);
    watchdog_.finish(outcome_->signal() != 0 ? time_to_clean_up : 0s);
    lines_.finish();
    return {*outcome_, output_.is_open() ? content_of_memory(output_) : "", errors_.text(), signal};
  }

 private:
  LaunchSpec spec() const {
    LaunchSpec spec;
    spec.words = command_.words;
    spec.environment = command_.environment;
    if (output_.is_open()) spec.passed.push_back({STDOUT_FILENO, output_});
    return spec;
  }

  // Appends a line to the log. A log that cannot be written is no failure, since the line also goes
  // elsewhere.
  void take(const std::string& line) {
    if (log_.is_open()) {
      const std::string text = line + "\n";
      [[maybe_unused]] const ssize_t n = ::write(log_.get(), text.data(), text.size());
    }
    if (command_.keeps_errors) {
      errors_.add(line);
    } else {
      base::say_line(line);
    }
  }

  const AttendedCommand& command_;
  io::Fd output_;
  io::Fd log_;
  Watchdog watchdog_;
  Launched launched_;
  io::LastLines errors_;
  io::PipeLines lines_;
  bool has_lines_ = true;
  std::optional<Outcome> outcome_;
};

Attendant::Attendant(std::chrono::milliseconds kill_after) : kill_after_(kill_after) {
  block_run_signals();
  signals_ = run_signal_fd();
}

// The signal that is to end the command or the wait; 0 when none has come.
int Attendant::take_signal(const std::function<void(int)>& pass_on) {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  const int number = static_cast<int>(info.ssi_signo);
  if (number != SIGTSTP) return number;
  pass_on(SIGTSTP);
  ::raise(SIGSTOP);
  pass_on(SIGCONT);
  return 0;
}

AttendedEnd Attendant::run(const AttendedCommand& command, const Tick& tick) {
  Attended attended(command, kill_after_);
  int ended_by = 0;
  std::exception_ptr fault;  // of the tick
  Clock::time_point kill_at = Clock::time_point::max();
  Clock::time_point tick_at = tick ? Clock::now() : Clock::time_point::max();
  const auto end_command = [&] {
    attended.signal(command.end_signal);
    kill_at = Clock::now() + kill_after_ + command.more_to_kill_after;
  };
  while (!attended.pump()) {
    if (Clock::now() >= tick_at) {
      tick_at = Clock::now() + tick_period;
      try {
        tick();
      } catch (...) {
        fault = std::current_exception();
        tick_at = Clock::time_point::max();
        if (ended_by == 0) end_command();
      }
    }
    if (Clock::now() >= kill_at) {
      attended.kill();
      kill_at = Clock::time_point::max();
    }
    auto polled = attended.polled(signals_);
    wait_for_any(polled, std::min(tick_at, kill_at));
    const int signal = take_signal([&](int number) { attended.signal(number); });
    if (signal == 0 || ended_by != 0) continue;
    ended_by = signal;
    if (!fault) end_command();
  }
  AttendedEnd end = attended.conclude(ended_by);
  if (fault && ended_by == 0) std::rethrow_exception(fault);
  return end;
}

int Attendant::wait(std::chrono::milliseconds time, const Tick& tick) {
  const Clock::time_point end = Clock::now() + time;
  for (Clock::time_point tick_at = tick ? Clock::now() : Clock::time_point::max();;) {
    if (tick && Clock::now() >= tick_at) {
      tick();
      tick_at = Clock::now() + tick_period;
    }
    if (const int signal = take_signal([](int) {}); signal != 0) return signal;
    if (Clock::now() >= end) return 0;
    std::vector<pollfd> polled{{signals_.get(), POLLIN, 0}};
    wait_for_any(polled, std::min(end, tick_at));
  }
}

}  // namespace mrf::process
