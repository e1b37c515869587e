// SPDX-License-Identifier: MIT
#include "process/proc_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace mrf::process {

namespace fs = std::filesystem;

namespace {

// Position and flags of an open file, as /proc/PID/fdinfo shows them; all flags if it is gone.
std::pair<std::uint64_t, unsigned> open_mode(pid_t pid, const fs::directory_entry& entry) {
  std::ifstream file(fmt::format("/proc/{}/fdinfo/{}", pid, entry.path().filename().string()));
  std::string name;
  std::uint64_t position = 0;
  unsigned flags = 0;
  file >> name >> position >> name >> std::oct >> flags;
  return file ? std::pair{position, flags} : std::pair{std::uint64_t{0}, ~0U};
}

}  // namespace

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> tree{root};
  for (std::size_t at = 0; at < tree.size(); ++at) {
    std::ifstream list(fmt::format("/proc/{}/task/{}/children", tree[at], tree[at]));
    for (pid_t pid = 0; list >> pid;) tree.push_back(pid);
  }
  return tree;
}

double processor_seconds(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(std::min(text.rfind(')'), text.size())));
  std::string skipped;
  for (int field = 2; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t bytes_moved(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/io", pid));
  std::string name;
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  file >> name >> read >> name >> written;
  return std::max(read, written);
}

FileId file_id(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw base::SystemError("open", path);
  return {info.st_dev, info.st_ino};
}

bool has_open(pid_t root, FileId file, bool for_writing) {
  std::error_code error;
  for (const pid_t pid : process_tree(root)) {
    for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
      struct stat info {};
      if (::stat(entry.path().c_str(), &info) != 0) continue;
      if (info.st_dev != file.device || info.st_ino != file.inode) continue;
      const unsigned mode = open_mode(pid, entry).second & O_ACCMODE;
      if (mode == O_RDWR || mode == (for_writing ? O_WRONLY : O_RDONLY)) return true;
    }
  }
  return false;
}

std::vector<OpenInput> open_inputs(pid_t pid) {
  std::vector<OpenInput> inputs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    struct stat info {};
    if (::stat(entry.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) continue;
    const auto [position, flags] = open_mode(pid, entry);
    if ((flags & O_ACCMODE) != O_RDONLY) continue;
    const auto size = static_cast<std::uint64_t>(info.st_size);
    inputs.push_back({info.st_dev, info.st_ino, size, std::min(position, size)});
  }
  return inputs;
}

}  // namespace mrf::process
