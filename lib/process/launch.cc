// SPDX-License-Identifier: MIT
#include "process/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace mrf::process {

namespace {

// A sanitizer keeps what it knows of a thread's stack and signals in memory that such a child would change.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool may_share_memory = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool may_share_memory = false;
#else
constexpr bool may_share_memory = true;
#endif
#else
constexpr bool may_share_memory = true;
#endif

constexpr std::size_t stack_bytes = std::size_t{16} << 10;

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

// Somebody has the other end open, or is gone and the run with it. Then nothing waits: open(2) for writing
// fails, and a reader finds the end of the data at once, in a run that publishes nothing.
io::Fd open_fifo(const OpenedRedirection& redirection) {
  io::Fd fd = io::open_file(redirection.path, redirection.flags | O_NONBLOCK);
  if (::fcntl(fd.get(), F_SETFL, redirection.flags) != 0) throw base::SystemError("open", redirection.path);
  return fd;
}

// Where a parent has left SIGCHLD ignored, the system forgets how a child ended, and wait(2) finds none.
void keep_ends_of_children() {
  struct sigaction now {};
  if (::sigaction(SIGCHLD, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) ::signal(SIGCHLD, SIG_DFL);
}

// Calls run_child() in a child; -1 is a failure of clone(2). No signal reaches the child before it has the
// default handling of it: a handler of this process would do its work a second time.
pid_t start(Child& child, bool shares_memory) {
  alignas(16) std::array<char, stack_bytes> stack;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int flags = shares_memory && may_share_memory ? CLONE_VM | CLONE_VFORK | SIGCHLD : SIGCHLD;
  const pid_t pid = ::clone(run_child, stack.data() + stack.size(), flags, &child);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

}  // namespace

std::vector<std::string> environment_of(const LaunchSpec& spec) {
  std::vector<char*> merged = merge_environment(spec.environment);
  merged.pop_back();  // the null pointer
  return {merged.begin(), merged.end()};
}

Launched launch(const LaunchSpec& spec) {
  io::Pipe failure = io::make_pipe();
  io::Pipe standard_error;
  if (!spec.is_part_of_job) standard_error = io::make_pipe();
  std::vector<char*> words;
  words.reserve(spec.words.size() + 1);
  for (const auto& word : spec.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const std::vector<char*> environment = merge_environment(spec.environment);
  const std::vector<std::string> found = find_programs(spec.words.at(0), environment);
  std::vector<const char*> programs;
  programs.reserve(found.size() + 1);
  for (const auto& program : found) programs.push_back(program.c_str());
  programs.push_back(nullptr);
  std::vector<Child::Redirection> redirections;
  std::vector<Child::Passed> passed;
  passed.reserve(spec.passed.size() + spec.redirections.size());
  for (const auto& one : spec.passed) passed.push_back({one.fd, one.from.get()});
  std::vector<io::Fd> fifos;
  for (std::size_t at = 0; at < spec.redirections.size(); ++at) {
    const OpenedRedirection& redirection = spec.redirections[at];
    if (redirection.is_own_fifo) {
      fifos.push_back(open_fifo(redirection));
      passed.push_back({redirection.fd, fifos.back().get()});
    } else {
      redirections.push_back(
          {static_cast<int>(at), redirection.fd, redirection.flags, redirection.path.c_str()});
    }
  }
  const std::optional<rlimit> open_files = io::given_open_file_limit();
  const bool has_own_group = !spec.is_part_of_job || spec.leads_group;
  Child child{words.data(),
              environment.data(),
              programs.data(),
              redirections.data(),
              redirections.size(),
              passed.data(),
              passed.size(),
              failure.write_end.get(),
              standard_error.write_end.get(),
              ::getpid(),
              has_own_group,
              ::isatty(STDIN_FILENO) == 1,
              open_files ? &*open_files : nullptr};
  keep_ends_of_children();
  const pid_t pid = start(child, redirections.empty());
  if (pid < 0) throw base::SystemError("start", spec.words.at(0));
  // Parent and child both set the group, so that no signal to the group can come before it exists.
  if (has_own_group) ::setpgid(pid, pid);
  for (const io::Fd* end : {&failure.read_end, &standard_error.read_end}) {
    if (end->is_open()) ::fcntl(end->get(), F_SETFL, O_NONBLOCK);
  }
  return {pid, std::move(failure.read_end), std::move(standard_error.read_end)};
}

std::optional<StartFailure> start_failure_of(const io::Fd& failure) {
  StartFailure said;
  const ssize_t n = ::read(failure.get(), &said, sizeof said);
  return n == static_cast<ssize_t>(sizeof said) ? std::optional(said) : std::nullopt;
}

void require_start(const io::Fd& failure, const std::string& word) {
  const auto said = start_failure_of(failure);
  if (!said) return;
  throw base::Error(
      static_cast<base::Status>(start_failure_outcome(*said).status()), "execute", word,
      std::generic_category().message(said->error_number) + start_failure_hint(word, said->error_number));
}

std::string start_failure_hint(const std::string& word, int error_number) {
  if (error_number == ENOEXEC)
    return "; a script's first line has to name its interpreter, as #!/bin/sh does";
  if (error_number == ENOENT && word.find('/') != std::string::npos && ::access(word.c_str(), F_OK) == 0)
    return "; the interpreter that its first line names is not there";
  struct stat info {};
  if (error_number == ENOENT && word.find('/') == std::string::npos && ::stat(word.c_str(), &info) == 0 &&
      S_ISREG(info.st_mode))
    return fmt::format("; a file in the current directory is named with it: ./{}", word);
  return "";
}

Outcome start_failure_outcome(const StartFailure& failure) {
  const base::Status status = failure.redirection >= 0         ? base::Status::failure
                              : failure.error_number == ENOENT ? base::Status::not_found
                                                               : base::Status::not_executable;
  return Outcome::of_start_failure(static_cast<int>(status));
}

}  // namespace mrf::process
