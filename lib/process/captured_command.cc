// SPDX-License-Identifier: MIT
#include "process/captured_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "base/error.h"
#include "io/fd.h"
#include "io/killed_group.h"
#include "io/signals.h"
#include "process/launch.h"

namespace mrf::process {

namespace {

constexpr std::size_t most_bytes = 64 << 10;
constexpr int tick_ms = 100;
constexpr std::chrono::seconds time_to_end{2};

// A group in the background that reads from the terminal, or changes it, is stopped (setpgid(2)).
bool is_of_terminal(int number) { return number == SIGTTIN || number == SIGTTOU; }

class Captured {
 public:
  explicit Captured(const CapturedCommand& command)
      : name_(command.name.empty() ? command.words.at(0) : command.name) {
    io::Pipe input = io::make_pipe();
    io::Pipe output = io::make_pipe();
    if (::fcntl(output.read_end.get(), F_SETFL, O_NONBLOCK) != 0) throw base::SystemError("run", name_);
    LaunchSpec spec;
    spec.words = command.words;
    spec.environment = command.environment;
    spec.passed = {{STDIN_FILENO, input.read_end}, {STDOUT_FILENO, output.write_end}};
    spec.is_part_of_job = spec.leads_group = true;
    {
      const io::EndingSignalsBlocked blocked;
      child_ = launch(spec);
      group_.set(child_.pid);
    }
    input_ = std::move(input.write_end);
    output_ = std::move(output.read_end);
  }
  // A command that was not waited for still has its group's number, so the signal reaches no other group.
  ~Captured() {
    if (has_ended_) return;
    ::kill(-child_.pid, SIGKILL);
    group_.forget();
    (void)::waitpid(child_.pid, nullptr, 0);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  void feed(const std::string& text) {
    io::Meter meter;
    try {
      io::write_all(input_, name_, text, meter);
    } catch (const base::ClosedOutput&) {  // a command need not read
    }
    input_.reset();
  }
  // Waits a while for output; false when it has ended, and all that it wrote is there.
  bool goes_on() {
    pollfd wanted{output_.get(), POLLIN, 0};
    if (has_output_) {
      (void)::poll(&wanted, 1, tick_ms);  // a signal ends it early
    } else {
      (void)::poll(nullptr, 0, tick_ms);
    }
    const bool ended = look_for_end();
    while (has_output_ && take()) {
    }
    return !ended;
  }
  bool look_for_end() {
    if (has_ended_) return true;
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(child_.pid), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) != 0 &&
        errno != EINTR)
      throw base::SystemError("wait for", name_);
    if (info.si_pid != child_.pid) return false;
    if (info.si_code == CLD_STOPPED && is_of_terminal(info.si_status))
      throw base::Error(
          base::Status::failure, "run", name_,
          "it wants to use the terminal, which it does not have; let it take its input from a file");
    if (info.si_code == CLD_STOPPED) return false;
    group_.forget();
    while (!has_ended_) {
      has_ended_ = ::waitpid(child_.pid, &status_, 0) == child_.pid;
      if (!has_ended_ && errno != EINTR) throw base::SystemError("wait for", name_);
    }
    return true;
  }
  // Ends the command with TERM, and kills what is left of its group.
  void end() {
    ::kill(-child_.pid, SIGTERM);
    const auto until = std::chrono::steady_clock::now() + time_to_end;
    while (!is_dead() && std::chrono::steady_clock::now() < until) (void)::poll(nullptr, 0, tick_ms);
  }
  void require_success() const {
    require_start(child_.failure, name_);
    const auto outcome = Outcome::of_wait_status(status_);
    if (!outcome.succeeded()) throw base::Error(base::Status::failure, "run", name_, outcome.describe());
  }
  std::string& text() { return text_; }

 private:
  // The command has ended; it is not waited for yet, so that its group still has its number.
  bool is_dead() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(child_.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == child_.pid;
  }
  // Reads once; true when there may be more to read without waiting.
  bool take() {
    std::array<char, 4096> buffer;
    const ssize_t n = ::read(output_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0 && errno != EINTR) throw base::SystemError("read the output of", name_);
    if (n == 0) has_output_ = false;
    if (n > 0) text_.append(buffer.data(), static_cast<std::size_t>(n));
    if (text_.size() > most_bytes)
      throw base::Error(base::Status::failure, "run", name_, "it writes more than 64 KiB");
    return true;
  }

  const std::string& name_;
  Launched child_;
  io::KilledGroup group_;
  io::Fd input_;
  io::Fd output_;
  std::string text_;
  bool has_output_ = true;
  bool has_ended_ = false;
  int status_ = 0;
};

}  // namespace

std::optional<std::string> output_of(const CapturedCommand& command,
                                     const std::function<bool()>& is_stopped) {
  Captured captured(command);
  captured.feed(command.input);
  while (captured.goes_on()) {
    if (!is_stopped()) continue;
    captured.end();
    return std::nullopt;
  }
  captured.require_success();
  return std::move(captured.text());
}

}  // namespace mrf::process
