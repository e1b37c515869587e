// SPDX-License-Identifier: MIT
#include "process/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/error.h"

namespace mrf {

namespace {

// What the child needs, made before the fork.
struct Prepared {
  std::vector<char*> words;
  const LaunchSpec& spec;
  int failure;
  int standard_error;
  pid_t parent;
};

[[noreturn]] void give_up(int failure, int redirection) {
  const StartFailure what{errno, redirection};
  if (::write(failure, &what, sizeof what) < 0) ::_exit(1);
  ::_exit(127);
}

// A job is never in the foreground of a terminal: that it writes there is not to stop it (stty(1), tostop).
void set_default_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::signal(SIGTTOU, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void redirect(int failure, int at, const OpenedRedirection& redirection) {
  const int fd = ::open(redirection.path.c_str(), redirection.flags | O_CLOEXEC, 0666);
  if (fd < 0) give_up(failure, at);
  if (fd == redirection.fd ? ::fcntl(fd, F_SETFD, 0) < 0 : ::dup2(fd, redirection.fd) < 0)
    give_up(failure, at);
}

// What an exec would have closed: the ends of FIFOs that the parent holds must not be held here too.
void close_as_exec_does() {
  std::vector<int> open;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    open.push_back(std::atoi(entry.path().filename().c_str()));
  }
  for (const int fd : open) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) != 0) ::close(fd);
  }
}

[[noreturn]] void work(const LaunchSpec& spec) {
  close_as_exec_does();
  ::_exit(spec.work());
}

[[noreturn]] void become(const Prepared& child) {
  if (!child.spec.is_part_of_job) ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != child.parent) ::_exit(128 + SIGKILL);
  set_default_signals();
  if (::isatty(STDIN_FILENO) == 1) redirect(child.failure, -1, {STDIN_FILENO, O_RDONLY, "/dev/null"});
  if (child.standard_error >= 0 && ::dup2(child.standard_error, STDERR_FILENO) < 0)
    give_up(child.failure, -1);
  for (const auto& passed : child.spec.passed) {
    if (::dup2(passed.from.get(), passed.fd) < 0) give_up(child.failure, -1);
  }
  for (std::size_t at = 0; at < child.spec.redirections.size(); ++at) {
    redirect(child.failure, static_cast<int>(at), child.spec.redirections[at]);
  }
  for (const auto& variable : child.spec.environment) ::putenv(const_cast<char*>(variable.c_str()));
  if (child.spec.work) work(child.spec);
  ::execvp(child.words[0], child.words.data());
  give_up(child.failure, -1);
}

}  // namespace

Launched launch(const LaunchSpec& spec) {
  Pipe failure = make_pipe();
  Pipe standard_error;
  if (!spec.is_part_of_job) standard_error = make_pipe();
  Prepared child{{}, spec, failure.write_end.get(), standard_error.write_end.get(), ::getpid()};
  for (const auto& word : spec.words) child.words.push_back(const_cast<char*>(word.c_str()));
  child.words.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw SystemError("start", spec.words.at(0));
  if (pid == 0) become(child);
  // Both sides do it, so that a signal to the group cannot come too early.
  if (!spec.is_part_of_job) ::setpgid(pid, pid);
  for (const Fd* end : {&failure.read_end, &standard_error.read_end}) {
    if (end->is_open()) ::fcntl(end->get(), F_SETFL, O_NONBLOCK);
  }
  return {pid, std::move(failure.read_end), std::move(standard_error.read_end)};
}

Outcome start_failure_outcome(const StartFailure& failure) {
  const Status status = failure.redirection >= 0         ? Status::failure
                        : failure.error_number == ENOENT ? Status::not_found
                                                         : Status::not_executable;
  return Outcome::of_start_failure(static_cast<int>(status));
}

}  // namespace mrf
