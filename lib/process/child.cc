// SPDX-License-Identifier: MIT
#include "process/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

namespace mrf::process {

namespace {

[[noreturn]] void give_up(int failure, int redirection) noexcept {
  const StartFailure what{errno, redirection};
  if (::write(failure, &what, sizeof what) < 0) ::_exit(1);
  ::_exit(127);
}

bool stays_ignored(int number) noexcept {
  for (const int kept : stay_ignored) {
    if (number == kept) return is_ignored(number);
  }
  return false;
}

void pass_over(int) noexcept {}

// A job is never in the foreground of a terminal: that it writes there is not to stop it (stty(1), tostop).
// When another process of its group reads from the terminal, all of the group are stopped. The child passes
// over that until execve(2), which sets the default handling: a parent that shares its memory waits for it,
// and would be stopped only after it.
void set_default_signals() noexcept {
  for (int number = 1; number < NSIG; ++number) {
    if (!stays_ignored(number)) ::signal(number, SIG_DFL);
  }
  ::signal(SIGTTOU, SIG_IGN);
  ::signal(SIGTTIN, pass_over);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void redirect(int failure, int number, int to, int flags, const char* path) noexcept {
  const int fd = ::open(path, flags | O_CLOEXEC, 0666);
  if (fd < 0) give_up(failure, number);
  if (fd == to ? ::fcntl(fd, F_SETFD, 0) < 0 : ::dup2(fd, to) < 0) give_up(failure, number);
}

// execvp(3) gives a file without a #! line to sh(1), whatever language it is in.
[[noreturn]] void execute(const Child& child) noexcept {
  int error = ENOENT;
  for (const char* const* program = child.programs; *program != nullptr; ++program) {
    ::execve(*program, child.words, child.environment);
    if (errno == EACCES) error = EACCES;
    if (errno != EACCES && errno != ENOENT && errno != ENOTDIR) give_up(child.failure, -1);
  }
  errno = error;
  give_up(child.failure, -1);
}

}  // namespace

bool is_ignored(int number) noexcept {
  struct sigaction now {};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

int run_child(void* argument) noexcept {
  const Child& child = *static_cast<const Child*>(argument);
  if (child.has_own_group) ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != child.parent) ::_exit(128 + SIGKILL);
  set_default_signals();
  if (child.open_files != nullptr) ::setrlimit(RLIMIT_NOFILE, child.open_files);
  if (child.has_terminal) redirect(child.failure, -1, STDIN_FILENO, O_RDONLY, "/dev/null");
  if (child.standard_error >= 0 && ::dup2(child.standard_error, STDERR_FILENO) < 0)
    give_up(child.failure, -1);
  for (std::size_t at = 0; at < child.passed_count; ++at) {
    const auto [fd, from] = child.passed[at];
    if (from == fd ? ::fcntl(from, F_SETFD, 0) < 0 : ::dup2(from, fd) < 0) give_up(child.failure, -1);
  }
  for (std::size_t at = 0; at < child.redirection_count; ++at) {
    const auto [number, fd, flags, path] = child.redirections[at];
    redirect(child.failure, number, fd, flags, path);
  }
  execute(child);
}

}  // namespace mrf::process
