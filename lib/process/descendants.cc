// SPDX-License-Identifier: MIT
#include "process/descendants.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <fstream>
#include <thread>

namespace mrf::process {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_end = 10s;
constexpr auto longest_step = 10ms;

std::vector<pid_t> children() {
  std::ifstream list(fmt::format("/proc/self/task/{}/children", ::getpid()));
  std::vector<pid_t> pids;
  for (pid_t pid = 0; list >> pid;) pids.push_back(pid);
  return pids;
}

// Whether the process, which has been sent KILL, has ended.
bool has_ended(pid_t pid, std::chrono::steady_clock::time_point latest) {
  for (std::chrono::microseconds step = 50us;;
       step = std::min<std::chrono::microseconds>(2 * step, longest_step)) {
    const pid_t reaped = ::waitpid(pid, nullptr, WNOHANG);
    if (reaped == pid || (reaped < 0 && errno == ECHILD)) return true;
    if (reaped == 0 && std::chrono::steady_clock::now() >= latest) return false;
    std::this_thread::sleep_for(step);
  }
}

}  // namespace

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::vector<pid_t> kill_descendants() noexcept {
  std::vector<pid_t> beyond;
  try {
    const auto latest = std::chrono::steady_clock::now() + longest_end;
    for (bool any = true; any;) {
      any = false;
      for (const pid_t pid : children()) {
        if (std::find(beyond.begin(), beyond.end(), pid) != beyond.end()) continue;
        any = true;
        const bool is_refused = ::kill(pid, SIGKILL) != 0 && errno == EPERM;
        if (!has_ended(pid, is_refused ? std::chrono::steady_clock::time_point{} : latest))
          beyond.push_back(pid);
      }
    }
  } catch (const std::exception&) {  // out of memory: the kernel's death signal remains
  }
  return beyond;
}

}  // namespace mrf::process
