// SPDX-License-Identifier: MIT
#include "process/descendants.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace mrf {

namespace {

constexpr unsigned long exiting_flag = 0x4;  // PF_EXITING, linux/sched.h

std::vector<pid_t> children() {
  std::ifstream list(fmt::format("/proc/self/task/{}/children", ::getpid()));
  std::vector<pid_t> pids;
  for (pid_t pid = 0; list >> pid;) pids.push_back(pid);
  return pids;
}

}  // namespace

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

void kill_descendants() noexcept {
  try {
    for (;;) {
      bool any = false;
      for (const pid_t pid : children()) {
        any = true;
        ::kill(pid, SIGKILL);
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
      }
      if (!any) return;
    }
  } catch (const std::exception&) {  // out of memory: the kernel's death signal remains
  }
}

bool is_exiting(pid_t pid) noexcept {
  try {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string text;
    std::getline(file, text);
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return true;
    std::istringstream fields(text.substr(name_end + 1));
    std::string state;
    long parent = 0, group = 0, session = 0, terminal = 0, foreground = 0;
    unsigned long flags = 0;
    fields >> state >> parent >> group >> session >> terminal >> foreground >> flags;
    return (flags & exiting_flag) != 0;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace mrf
