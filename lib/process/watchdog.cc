// SPDX-License-Identifier: MIT
#include "process/watchdog.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <utility>

#include "base/error.h"
#include "process/proc_tree.h"

namespace mrf::process {

struct Watchdog::Request {
  enum class Kind { launch, sweep, end_all, finish };
  Kind kind = Kind::launch;
  std::size_t number = 0;             // of the job to launch
  std::chrono::milliseconds grace{};  // in front of the end
};

/// `launched` comes with two descriptors: the start failure's and standard error's read ends. `stopped` is
/// about a process that a terminal has stopped.
struct Watchdog::Report {
  enum class Kind { launched, not_launched, ended, stopped, unkillable, swept };
  Kind kind = Kind::ended;
  pid_t pid = -1;
  int error_number = 0;
  int wait_status = 0;
  rusage usage{};
};

namespace {

constexpr int events_at_once = 256;

// A group in the background that reads from the terminal, or changes it, is stopped (setpgid(2)).
bool is_stopped_by_terminal(int wait_status) {
  return WIFSTOPPED(wait_status) && (WSTOPSIG(wait_status) == SIGTTIN || WSTOPSIG(wait_status) == SIGTTOU);
}

union Control {
  cmsghdr header;
  char room[CMSG_SPACE(2 * sizeof(int))];
};

template <class Message>
bool send_message(int socket, const Message& message, const std::array<int, 2>* fds = nullptr) noexcept {
  iovec piece{const_cast<Message*>(&message), sizeof message};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  Control control{};
  if (fds != nullptr) {
    header.msg_control = control.room;
    header.msg_controllen = sizeof control.room;
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(2 * sizeof(int));
    std::memcpy(CMSG_DATA(rights), fds->data(), 2 * sizeof(int));
  }
  for (;;) {
    const ssize_t n = ::sendmsg(socket, &header, MSG_NOSIGNAL);
    if (n >= 0) return n == static_cast<ssize_t>(sizeof message);
    if (errno != EINTR) return false;
  }
}

// Sends TERM to the children, and waits at most `grace` for their end. SIGCHLD is blocked.
void end_children(std::chrono::milliseconds grace) {
  const auto end = std::chrono::steady_clock::now() + grace;
  try {
    for (const pid_t pid : children_of_process()) ::kill(pid, SIGTERM);
  } catch (const std::exception&) {
    return;  // without memory: they are killed
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  for (;;) {
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::nanoseconds>(end - std::chrono::steady_clock::now());
    if ((pid < 0 && errno == ECHILD) || left.count() <= 0) return;
    const timespec time{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    ::sigtimedwait(&set, nullptr, &time);
  }
}

// What the watchdog does; it runs until its maker is gone or has no more to do.
template <class Request, class Report>
class WatchdogLoop {
 public:
  WatchdogLoop(int socket, const std::function<LaunchSpec(std::size_t)>& spec_of)
      : socket_(socket), spec_of_(spec_of) {}

  // True when the maker has said that it is over.
  bool watch() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    const io::Fd signals(io::adopt_fd, ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.is_open()) return false;
    for (;;) {
      std::array polled{pollfd{socket_, POLLIN, 0}, pollfd{signals.get(), POLLIN, 0}};
      if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return false;
      signalfd_siginfo info{};
      while (::read(signals.get(), &info, sizeof info) > 0) {
      }
      if (!reap()) return false;
      if (polled[0].revents == 0) continue;
      Request request;
      const ssize_t n = ::recv(socket_, &request, sizeof request, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n != static_cast<ssize_t>(sizeof request)) return false;
      if (request.kind == Request::Kind::finish) {
        if (request.grace.count() > 0) end_children(request.grace);
        return true;
      }
      if (request.kind == Request::Kind::end_all && !end_all()) return false;
      if (!(request.kind == Request::Kind::launch ? start(request.number) : sweep())) return false;
    }
  }

 private:
  bool reap() {
    for (;;) {
      Report report{};
      report.kind = Report::Kind::ended;
      report.pid = ::wait4(-1, &report.wait_status, WNOHANG | WUNTRACED, &report.usage);
      if (report.pid < 0 && errno == EINTR) continue;
      if (report.pid <= 0) return true;
      if (WIFSTOPPED(report.wait_status)) {
        if (!is_stopped_by_terminal(report.wait_status)) continue;
        report.kind = Report::Kind::stopped;
      }
      if (!send_message(socket_, report)) return false;
    }
  }

  bool sweep() {
    Report report{};
    report.kind = Report::Kind::swept;
    return reap() && send_message(socket_, report);
  }

  bool end_all() {
    for (const pid_t pid : kill_descendants()) {
      Report report{};
      report.kind = Report::Kind::unkillable;
      report.pid = pid;
      if (!send_message(socket_, report)) return false;
    }
    return true;
  }

  bool start(std::size_t number) {
    Report report{};
    report.kind = Report::Kind::not_launched;
    try {
      const Launched launched = launch(spec_of_(number));
      report.kind = Report::Kind::launched;
      report.pid = launched.pid;
      const std::array fds{launched.failure.get(), launched.standard_error.get()};
      return send_message(socket_, report, &fds);
    } catch (const base::SystemError& error) {
      report.error_number = error.error_number();
    } catch (const std::exception&) {
      report.error_number = ENOMEM;
    }
    return send_message(socket_, report);
  }

  int socket_;
  const std::function<LaunchSpec(std::size_t)>& spec_of_;
};

}  // namespace

Watchdog::Watchdog(const std::function<LaunchSpec(std::size_t)>& spec_of,
                   const std::function<void()>& clean_up, std::chrono::milliseconds grace)
    : spared_(children_of_process()) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw base::SystemError("start", "watchdog");
  socket_ = io::Fd(io::adopt_fd, ends[0]);
  io::Fd other(io::adopt_fd, ends[1]);
  adopt_orphans();
  pid_ = ::fork();
  if (pid_ < 0) throw base::SystemError("start", "watchdog");
  if (pid_ > 0) {
    ::setpgid(pid_, pid_);
    return;
  }
  // Only `clean_up` undoes here what the maker has done.
  ::setpgid(0, 0);
  ::signal(SIGTTOU, SIG_IGN);
  adopt_orphans();
  socket_.reset();
  bool is_over = false;
  try {
    is_over = WatchdogLoop<Request, Report>(other.get(), spec_of).watch();
  } catch (...) {
  }
  if (!is_over && grace.count() > 0) end_children(grace);
  kill_descendants();
  if (!is_over) {
    try {
      clean_up();
    } catch (...) {
    }
  }
  ::_exit(0);
}

Watchdog::~Watchdog() { finish(); }

bool Watchdog::send(const Request& request) noexcept { return send_message(socket_.get(), request); }

// Nothing when there is no report, or none can come any more.
std::optional<Watchdog::Report> Watchdog::receive(bool wait, Launched* launched) {
  Report report;
  iovec piece{&report, sizeof report};
  Control control{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.room;
  header.msg_controllen = sizeof control.room;
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) return std::nullopt;
  if (n != static_cast<ssize_t>(sizeof report)) {
    lose();
    return std::nullopt;
  }
  const cmsghdr* rights = CMSG_FIRSTHDR(&header);
  std::array<int, 2> fds{-1, -1};
  if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(2 * sizeof(int)))
    std::memcpy(fds.data(), CMSG_DATA(rights), 2 * sizeof(int));
  io::Fd failure(io::adopt_fd, fds[0]);
  io::Fd standard_error(io::adopt_fd, fds[1]);
  if (launched != nullptr && report.kind == Report::Kind::launched) {
    // The kernel drops descriptors that this process has no room for.
    if (!failure.is_open() || !standard_error.is_open()) {
      report.kind = Report::Kind::not_launched;
      report.error_number = EMFILE;
    } else {
      *launched = {report.pid, std::move(failure), std::move(standard_error)};
    }
  }
  if (report.kind == Report::Kind::ended) ended_.push_back({report.pid, report.wait_status, report.usage});
  if (report.kind == Report::Kind::stopped) stopped_.push_back(report.pid);
  if (report.kind == Report::Kind::unkillable) unkillable_.push_back(report.pid);
  return report;
}

void Watchdog::lose() {
  if (lost_ || is_finished_) return;
  ::shutdown(socket_.get(), SHUT_RDWR);  // should it be alive: it ends
  int wait_status = 0;
  while (::waitpid(pid_, &wait_status, 0) < 0 && errno == EINTR) {
  }
  lost_ = Outcome::of_wait_status(wait_status);
}

Launched Watchdog::launch(std::size_t number) {
  Launched launched;
  const Request request{Request::Kind::launch, number, {}};
  if (!lost_ && !send(request)) lose();
  while (!lost_) {
    const auto report = receive(true, &launched);
    if (!report) break;
    if (report->kind == Report::Kind::launched) return launched;
    if (report->kind == Report::Kind::not_launched)
      throw base::SystemError("start", "job", report->error_number);
  }
  throw base::Error(base::Status::failure, "start", "job", "the watchdog is gone");
}

std::vector<EndedProcess> Watchdog::take_ended() {
  for (int at = 0; at < events_at_once && !lost_ && receive(false); ++at) {
  }
  std::vector<EndedProcess> ended(ended_.begin(), ended_.end());
  ended_.clear();
  return ended;
}

std::vector<EndedProcess> Watchdog::take_all_ended() {
  wait_for_sweep({Request::Kind::sweep, 0, {}});
  return take_ended();
}

std::vector<pid_t> Watchdog::take_stopped() { return std::exchange(stopped_, {}); }

std::vector<pid_t> Watchdog::end_all() {
  wait_for_sweep({Request::Kind::end_all, 0, {}});
  if (!lost_) return unkillable_;
  std::vector<pid_t> left = kill_descendants(spared_);
  std::erase_if(
      left, [this](pid_t pid) { return std::find(spared_.begin(), spared_.end(), pid) != spared_.end(); });
  return left;
}

void Watchdog::wait_for_sweep(const Request& request) {
  if (!lost_ && !send(request)) lose();
  while (!lost_) {
    const auto report = receive(true);
    if (!report || report->kind == Report::Kind::swept) return;
  }
}

void Watchdog::finish(std::chrono::milliseconds grace) noexcept {
  if (std::exchange(is_finished_, true)) return;
  if (!lost_) {
    Report report;
    // The reports that still come are dropped.
    ssize_t n = send({Request::Kind::finish, 0, grace}) ? 1 : 0;
    while (n > 0 || (n < 0 && errno == EINTR)) n = ::recv(socket_.get(), &report, sizeof report, 0);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  socket_.reset();
  kill_descendants(spared_);
}

}  // namespace mrf::process
