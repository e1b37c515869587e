// SPDX-License-Identifier: MIT
// A child between fork(2) and execve(2) has the memory of a process whose other threads stopped anywhere: it
// calls only what signal-safety(7) lists, throws nothing and allocates nothing. All that it needs is made
// before the fork, and it ends by _exit(2).
#include "process/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace mrf::process {

namespace {

// What the child needs, made before the fork.
struct Prepared {
  std::vector<char*> words;
  std::vector<char*> environment;
  std::vector<std::string> programs;  // where the command may be, in order
  const LaunchSpec& spec;
  int failure;
  int standard_error;
  pid_t parent;
};

std::string_view variable_name(std::string_view variable) { return variable.substr(0, variable.find('=')); }

// This process's environment with `added` in place of the variables of the same names; one without '=' is
// taken out.
std::vector<char*> merge_environment(const std::vector<std::string>& added) {
  std::vector<char*> merged;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const bool is_replaced = std::any_of(added.begin(), added.end(), [&](const std::string& other) {
      return variable_name(other) == variable_name(*variable);
    });
    if (!is_replaced) merged.push_back(*variable);
  }
  for (const auto& variable : added) {
    if (variable.find('=') != std::string::npos) merged.push_back(const_cast<char*>(variable.c_str()));
  }
  merged.push_back(nullptr);
  return merged;
}

std::vector<std::string> find_programs(const std::string& word, const std::vector<char*>& environment) {
  constexpr std::string_view path_variable = "PATH=";
  if (word.find('/') != std::string::npos) return {word};
  std::string path = "/bin:/usr/bin";
  for (const char* variable : environment) {
    if (variable != nullptr && std::string_view(variable).starts_with(path_variable))
      path = variable + path_variable.size();
  }
  std::vector<std::string> programs;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    programs.push_back(end == at ? word : path.substr(at, end - at) + "/" + word);
    at = end + 1;
  }
  return programs;
}

[[noreturn]] void give_up(int failure, int redirection) noexcept {
  const StartFailure what{errno, redirection};
  if (::write(failure, &what, sizeof what) < 0) ::_exit(1);
  ::_exit(127);
}

// A job is never in the foreground of a terminal: that it writes there is not to stop it (stty(1), tostop).
void set_default_signals() noexcept {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::signal(SIGTTOU, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void redirect(int failure, int at, int to, int flags, const char* path) noexcept {
  const int fd = ::open(path, flags | O_CLOEXEC, 0666);
  if (fd < 0) give_up(failure, at);
  if (fd == to ? ::fcntl(fd, F_SETFD, 0) < 0 : ::dup2(fd, to) < 0) give_up(failure, at);
}

// execvp(3) gives a file without a #! line to sh(1), whatever language it is in.
[[noreturn]] void execute(const Prepared& child) noexcept {
  int error = ENOENT;
  for (const auto& program : child.programs) {
    ::execve(program.c_str(), child.words.data(), child.environment.data());
    if (errno == EACCES) error = EACCES;
    if (errno != EACCES && errno != ENOENT && errno != ENOTDIR) give_up(child.failure, -1);
  }
  errno = error;
  give_up(child.failure, -1);
}

[[noreturn]] void become(const Prepared& child) noexcept {
  if (!child.spec.is_part_of_job) ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != child.parent) ::_exit(128 + SIGKILL);
  set_default_signals();
  io::restore_open_file_limit();
  if (::isatty(STDIN_FILENO) == 1) redirect(child.failure, -1, STDIN_FILENO, O_RDONLY, "/dev/null");
  if (child.standard_error >= 0 && ::dup2(child.standard_error, STDERR_FILENO) < 0)
    give_up(child.failure, -1);
  for (const auto& passed : child.spec.passed) {
    const int from = passed.from.get();
    if (from == passed.fd ? ::fcntl(from, F_SETFD, 0) < 0 : ::dup2(from, passed.fd) < 0)
      give_up(child.failure, -1);
  }
  int at = 0;
  for (const auto& redirection : child.spec.redirections) {
    redirect(child.failure, at++, redirection.fd, redirection.flags, redirection.path.c_str());
  }
  execute(child);
}

}  // namespace

Launched launch(const LaunchSpec& spec) {
  io::Pipe failure = io::make_pipe();
  io::Pipe standard_error;
  if (!spec.is_part_of_job) standard_error = io::make_pipe();
  Prepared child{{},
                 merge_environment(spec.environment),
                 {},
                 spec,
                 failure.write_end.get(),
                 standard_error.write_end.get(),
                 ::getpid()};
  for (const auto& word : spec.words) child.words.push_back(const_cast<char*>(word.c_str()));
  child.words.push_back(nullptr);
  child.programs = find_programs(spec.words.at(0), child.environment);
  const pid_t pid = ::fork();
  if (pid < 0) throw base::SystemError("start", spec.words.at(0));
  if (pid == 0) become(child);
  // Both sides do it, so that a signal to the group cannot come too early.
  if (!spec.is_part_of_job) ::setpgid(pid, pid);
  for (const io::Fd* end : {&failure.read_end, &standard_error.read_end}) {
    if (end->is_open()) ::fcntl(end->get(), F_SETFL, O_NONBLOCK);
  }
  return {pid, std::move(failure.read_end), std::move(standard_error.read_end)};
}

std::string start_failure_hint(const std::string& word, int error_number) {
  if (error_number == ENOEXEC)
    return "; a script's first line has to name its interpreter, as #!/bin/sh does";
  if (error_number == ENOENT && word.find('/') != std::string::npos && ::access(word.c_str(), F_OK) == 0)
    return "; the interpreter that its first line names is not there";
  return "";
}

Outcome start_failure_outcome(const StartFailure& failure) {
  const base::Status status = failure.redirection >= 0         ? base::Status::failure
                              : failure.error_number == ENOENT ? base::Status::not_found
                                                               : base::Status::not_executable;
  return Outcome::of_start_failure(static_cast<int>(status));
}

}  // namespace mrf::process
