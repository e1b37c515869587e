// SPDX-License-Identifier: MIT
#include "process/proc_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "process/proc_files.h"

namespace mrf::process {

namespace fs = std::filesystem;

namespace {

// Position and flags of an open file, as /proc/PID/fdinfo shows them; all flags if it is gone.
std::pair<std::uint64_t, unsigned> open_mode(const fs::path& open) {
  std::istringstream file(proc_text(open.parent_path().parent_path() / "fdinfo" / open.filename()));
  std::string name;
  std::uint64_t position = 0;
  unsigned flags = 0;
  file >> name >> position >> name >> std::oct >> flags;
  return file ? std::pair{position, flags} : std::pair{std::uint64_t{0}, ~0U};
}

// Calls `look(path, info)` for each file that a process has open, until one is true, which is returned: its
// path is in the directory fd of `process`, which is the process's directory in /proc, or that of a thread.
template <typename Look>
bool any_descriptor(const std::string& process, const Look& look) {
  for (const std::string& path : proc_paths(process + "/fd").value_or(std::vector<std::string>{})) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && look(path, info)) return true;
  }
  return false;
}

// The same of the regular files with a name.
template <typename Look>
void each_named_file(pid_t pid, const Look& look) {
  any_descriptor(fmt::format("/proc/{}", pid), [&](const std::string& open, const struct stat& info) {
    if (S_ISREG(info.st_mode) && info.st_nlink > 0) look(open, info);
    return false;
  });
}

// The fields of /proc/PID/stat from the one with the number `first`, which is above 2, on (proc(5)).
std::istringstream stat_from(pid_t pid, int first) {
  const std::string text = proc_text(fmt::format("/proc/{}/stat", pid));
  std::istringstream fields(text.substr(std::min(text.rfind(')'), text.size())));
  std::string skipped;
  for (int field = 2; field < first; ++field) fields >> skipped;
  return fields;
}

void add_children(std::vector<pid_t>& pids, const fs::path& task) {
  std::istringstream list(proc_text(task / "children"));
  for (pid_t pid = 0; list >> pid;) pids.push_back(pid);
}

using namespace std::chrono_literals;

constexpr auto longest_end = 10s;
constexpr auto longest_step = 10ms;

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

std::vector<std::string> threads_of(pid_t pid) {
  return proc_paths(fmt::format("/proc/{}/task", pid)).value_or(std::vector<std::string>{});
}

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> tree{root};
  for (std::size_t at = 0; at < tree.size(); ++at) {
    for (const std::string& thread : threads_of(tree[at])) add_children(tree, thread);
  }
  return tree;
}

double processor_seconds(pid_t pid) {
  constexpr int user_field = 14;
  std::istringstream fields = stat_from(pid, user_field);
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::size_t thread_count(pid_t root) {
  constexpr int threads_field = 20;
  std::size_t sum = 0;
  for (const pid_t pid : process_tree(root)) {
    std::size_t threads = 0;
    stat_from(pid, threads_field) >> threads;
    sum += threads;
  }
  return sum;
}

MachineTime machine_time() {
  std::istringstream fields(proc_text("/proc/stat"));
  std::string name;
  fields >> name;
  MachineTime time;
  const auto ticks_a_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  double ticks = 0;
  for (int field = 0; name == "cpu" && field < 8 && fields >> ticks; ++field) {
    time.all_s += ticks / ticks_a_second;
    if (field == 3 || field == 4) time.idle_s += ticks / ticks_a_second;  // idle, and waiting for a disk
  }
  return time;
}

std::uint64_t bytes_moved(pid_t pid) {
  std::istringstream file(proc_text(fmt::format("/proc/{}/io", pid)));
  std::string name;
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  file >> name >> read >> name >> written;
  return std::max(read, written);
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> pids;
  add_children(pids, fmt::format("/proc/{0}/task/{0}", pid));
  return pids;
}

bool any_open_file(pid_t pid, const std::function<bool(const io::FileId& file, unsigned mode)>& is_it) {
  bool has_any = false;
  const auto looks_at = [&](const std::string& process) {
    return any_descriptor(process, [&](const std::string& open, const struct stat& info) {
      has_any = true;
      return is_it(io::FileId(info), open_mode(open).second & O_ACCMODE);
    });
  };
  if (looks_at(fmt::format("/proc/{}", pid))) return true;
  if (has_any) return false;
  // Of a process whose first thread has ended, the others show the files.
  const std::vector<std::string> threads = threads_of(pid);
  return std::any_of(threads.begin(), threads.end(), looks_at);
}

bool has_open(pid_t root, io::FileId file, bool for_writing) {
  const auto is_it = [&](const io::FileId& open, unsigned mode) {
    return open == file && (mode == O_RDWR || mode == (for_writing ? O_WRONLY : O_RDONLY));
  };
  const std::vector<pid_t> tree = process_tree(root);
  return std::any_of(tree.begin(), tree.end(), [&](pid_t pid) { return any_open_file(pid, is_it); });
}

std::string process_name(pid_t pid) {
  std::string name = proc_text(fmt::format("/proc/{}/comm", pid));
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

std::vector<OpenInput> open_inputs(pid_t pid) {
  std::vector<OpenInput> inputs;
  each_named_file(pid, [&](const std::string& open, const struct stat& info) {
    if (info.st_size == 0) return;
    const auto [position, flags] = open_mode(open);
    if ((flags & O_ACCMODE) != O_RDONLY) return;
    const auto size = static_cast<std::uint64_t>(info.st_size);
    inputs.push_back({io::FileId(info), size, std::min(position, size)});
  });
  return inputs;
}

std::vector<std::string> written_files(pid_t pid) {
  std::vector<std::string> paths;
  each_named_file(pid, [&](const std::string& open, const struct stat&) {
    if ((open_mode(open).second & O_ACCMODE) == O_RDONLY) return;
    std::error_code is_gone;
    const fs::path path = fs::read_symlink(open, is_gone);
    if (!is_gone) paths.push_back(path);
  });
  return paths;
}

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::vector<pid_t> children_of_process() { return children_of(::getpid()); }

std::vector<pid_t> kill_descendants(std::vector<pid_t> spared) noexcept {
  std::vector<pid_t> unkillable = std::move(spared);
  try {
    const auto latest = std::chrono::steady_clock::now() + longest_end;
    for (bool any = true; any;) {
      any = false;
      for (const pid_t pid : children_of_process()) {
        if (std::find(unkillable.begin(), unkillable.end(), pid) != unkillable.end()) continue;
        any = true;
        const bool is_refused = ::kill(pid, SIGKILL) != 0 && errno == EPERM;
        if (!has_ended(pid, is_refused ? std::chrono::steady_clock::time_point{} : latest))
          unkillable.push_back(pid);
      }
    }
  } catch (const std::exception&) {  // out of memory: PR_SET_PDEATHSIG still ends the children
  }
  return unkillable;
}

}  // namespace mrf::process
