// SPDX-License-Identifier: MIT
// /proc/PID/task/TID/syscall (proc(5)) shows a sleeping thread's system call with its arguments, to a process
// that may trace it.
#include "process/blocked.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "process/proc_files.h"

namespace mrf::process {

namespace fs = std::filesystem;

namespace {

constexpr unsigned memory_devices = 1;  // the major number of /dev/null and its like

// How often a sleeping thread has given up its processor; nothing when it does not sleep.
std::optional<std::uint64_t> switches_of_sleeper(const std::string& task) {
  std::istringstream file(proc_text(task + "/status"));
  std::string name;
  std::string state;
  std::uint64_t voluntary = 0;
  std::uint64_t involuntary = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    fields >> name;
    if (name == "State:") fields >> state;
    if (name == "voluntary_ctxt_switches:") fields >> voluntary;
    if (name == "nonvoluntary_ctxt_switches:") fields >> involuntary;
  }
  if (state != "S") return std::nullopt;
  return voluntary + involuntary;
}

struct Call {
  long number = -1;
  std::array<unsigned long, 6> arguments{};
};

std::optional<Call> parse(const std::string& text) {
  std::istringstream fields(text);
  Call call;
  if (!(fields >> call.number)) return std::nullopt;  // "running"
  for (unsigned long& argument : call.arguments) {
    std::string word;
    fields >> word;
    argument = std::strtoul(word.c_str(), nullptr, 16);
  }
  return call;
}

bool is_for_ever(unsigned long milliseconds) { return static_cast<int>(milliseconds) < 0; }

bool is_endless_poll(const Call& call) {
  const auto& arguments = call.arguments;
  switch (call.number) {
#ifdef SYS_poll
    case SYS_poll:
      return is_for_ever(arguments[2]);
#endif
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
#endif
    case SYS_epoll_pwait:
      return is_for_ever(arguments[3]);
#ifdef SYS_select
    case SYS_select:
#endif
    case SYS_pselect6:
      return arguments[4] == 0;
    case SYS_ppoll:
      return arguments[2] == 0;
    default:
      return false;
  }
}

bool is_endless_lock(const Call& call) {
  const auto operation = call.arguments[1] & FUTEX_CMD_MASK;
  return call.number == SYS_futex && call.arguments[3] == 0 &&
         (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET);
}

}  // namespace

BlockedTree::BlockedTree(pid_t root, std::set<io::FileId> fifos) : root_(root), fifos_(std::move(fifos)) {
  for (const std::string& path : proc_paths("/proc/self/fd").value_or(std::vector<std::string>{})) {
    const int fd = std::atoi(fs::path(path).filename().c_str());
    struct stat info {};
    if (::fstat(fd, &info) != 0 || S_ISREG(info.st_mode)) continue;
    const io::FileId id(info);
    if (fifos_.contains(id)) continue;
    if ((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0) {
      read_here_.insert(id);
      continue;
    }
    inherited_.insert(id);
    pollfd polled{fd, POLLOUT, 0};
    if (::poll(&polled, 1, 0) <= 0 || (polled.revents & POLLOUT) == 0) outside_.insert(id);
  }
}

BlockedTree::Kind BlockedTree::kind_of(pid_t pid, unsigned long fd, bool for_reading) const {
  const std::string path = fmt::format("/proc/{}/fd/{}", pid, fd);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return Kind::outside;
  const io::FileId id(info);
  if (fifos_.contains(id)) return Kind::between;
  if (inherited_.contains(id)) return for_reading || outside_.contains(id) ? Kind::outside : Kind::elsewhere;
  if (read_here_.contains(id)) return Kind::elsewhere;
  if (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) return Kind::elsewhere;
  if (S_ISCHR(info.st_mode) && major(info.st_rdev) == memory_devices) return Kind::elsewhere;
  std::error_code error;
  const std::string target = fs::read_symlink(path, error).string();
  if (S_ISFIFO(info.st_mode)) return target.starts_with("pipe:") ? Kind::between : Kind::outside;
  const bool is_inner = target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]" ||
                        target == "anon_inode:[signalfd]";
  return is_inner ? Kind::elsewhere : Kind::outside;
}

bool BlockedTree::waits_for_pipe(pid_t pid, unsigned long fd, bool for_reading) const {
  return kind_of(pid, fd, for_reading) == Kind::between;
}

// Of a process that polls: what it polls is in its memory, so all that it has open counts.
bool BlockedTree::has_pipes_only(pid_t pid) const {
  const auto open = proc_paths(fmt::format("/proc/{}/fd", pid));
  return open && std::none_of(open->begin(), open->end(), [&](const std::string& path) {
           const unsigned long fd = std::strtoul(fs::path(path).filename().c_str(), nullptr, 10);
           return kind_of(pid, fd, fd == STDIN_FILENO) == Kind::outside;
         });
}

bool BlockedTree::waits(pid_t pid, const std::string& text) const {
  const auto call = parse(text);
  if (!call) return false;
  switch (call->number) {
    case SYS_read:
    case SYS_readv:
      return waits_for_pipe(pid, call->arguments[0], true);
    case SYS_write:
    case SYS_writev:
    case SYS_vmsplice:
      return waits_for_pipe(pid, call->arguments[0], false);
    case SYS_splice:
      return kind_of(pid, call->arguments[0], true) != Kind::outside &&
             kind_of(pid, call->arguments[2], false) != Kind::outside;
    case SYS_tee:
      return waits_for_pipe(pid, call->arguments[0], true) && waits_for_pipe(pid, call->arguments[1], false);
    case SYS_wait4:
    case SYS_waitid:
      return true;
    default:
      return is_endless_lock(*call) || (is_endless_poll(*call) && has_pipes_only(pid));
  }
}

std::optional<BlockedSnapshot> BlockedTree::snapshot() const {
  BlockedSnapshot snapshot;
  for (const pid_t pid : process_tree(root_)) {
    if (pid == root_) continue;
    const auto threads = proc_paths(fmt::format("/proc/{}/task", pid));
    if (!threads) return std::nullopt;
    for (const std::string& thread : *threads) {
      const auto switches = switches_of_sleeper(thread);
      const std::string call = proc_text(thread + "/syscall");
      if (!switches || !waits(pid, call)) return std::nullopt;
      snapshot.emplace(std::atoi(fs::path(thread).filename().c_str()), std::pair{*switches, call});
    }
  }
  return snapshot;
}

}  // namespace mrf::process
