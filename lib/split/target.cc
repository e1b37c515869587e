// SPDX-License-Identifier: MIT
#include "split/target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "io/io.h"

namespace mrf::split {

namespace {

constexpr int most_links = 40;  // as the kernel follows, path_resolution(7)

// `standard` is what "-" stands for.
bool look_at(const std::string& path, int standard, struct stat& info) {
  return (path == "-" ? ::fstat(standard, &info) : ::stat(path.c_str(), &info)) == 0;
}

// The file that a name which leads to none would make, behind all symbolic links.
std::string missing_file(std::string path) {
  for (int links = 0; links < most_links; ++links) {
    std::string next = io::follow_link(path);
    if (next == path) break;
    path = std::move(next);
  }
  std::error_code ignored;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored).string();
}

// Two names for one file give the same text; character devices may be given twice.
std::string identity(const std::string& path, int standard) {
  struct stat info {};
  if (!look_at(path, standard, info)) return missing_file(path);
  if (S_ISCHR(info.st_mode)) return "";
  return fmt::format("{}:{}", info.st_dev, info.st_ino);
}

bool is_fifo(const std::string& path, int standard) {
  struct stat info {};
  return look_at(path, standard, info) && S_ISFIFO(info.st_mode);
}

// Whoever reads standard output is to see its end now, not when the program exits.
void let_go_of_standard_output() {
  const io::Fd null = io::open_file("/dev/null", O_WRONLY);
  if (::dup2(null.get(), STDOUT_FILENO) < 0) throw base::SystemError("close", io::stdout_name);
}

}  // namespace

Target::Target(const std::string& path)
    : path_(path), name_(path == "-" ? std::string(io::stdout_name) : path) {
  if (path == "-") {
    open_standard_output();
    return;
  }
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;  // OutputFile says why not
  is_fifo_ = exists && S_ISFIFO(info.st_mode);
  is_anonymous_ = is_fifo_ && io::is_anonymous_pipe(path);
  if (!is_fifo_ && !(exists && S_ISCHR(info.st_mode))) file_.emplace(path);
}

// O_NONBLOCK on the descriptor that was inherited would be there for the other processes that have it, too.
void Target::open_standard_output() {
  struct stat info {};
  if (::fstat(STDOUT_FILENO, &info) == 0 && S_ISFIFO(info.st_mode)) {
    const int fd = ::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
      fd_ = io::Fd(io::adopt_fd, fd);
      is_fifo_ = true;
      io::enlarge_pipe(fd_, io::most_pipe_bytes);
      return;
    }
  }
  file_.emplace("-");
}

bool Target::open() {
  if (is_open()) return true;
  const int fd = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    if (errno == EINTR) return false;
    if (errno != ENXIO || !is_fifo_) throw base::SystemError("open", name_);
    if (is_anonymous_) throw base::SystemError("write", name_, EPIPE);
    return false;
  }
  fd_ = io::Fd(io::adopt_fd, fd);
  // A process substitution's own descriptor would keep the reader from its end-of-file.
  if (const int number = io::inherited_descriptor(path_); number > STDERR_FILENO) ::close(number);
  if (is_fifo_) io::enlarge_pipe(fd_, io::most_pipe_bytes);
  return true;
}

void Target::close() {
  if (file_) {
    file_->finish();
  } else if (const int error = fd_.close(); error != 0) {
    throw base::SystemError("write", name_, error);
  }
  if (is_standard_output() && is_fifo_) let_go_of_standard_output();
}

void refuse_same_outputs(const std::vector<std::string>& paths) {
  std::map<std::string, std::string> seen;
  for (const auto& path : paths) {
    const std::string key = identity(path, STDOUT_FILENO);
    if (key.empty()) continue;
    const auto [first, is_new] = seen.emplace(key, path);
    if (!is_new)
      throw base::UsageError("use output", path, fmt::format("the same file as '{}'", first->second));
  }
}

void refuse_same_inputs(const std::vector<std::string>& inputs, const std::vector<std::string>& mates,
                        const std::string& map) {
  if (std::count(inputs.begin(), inputs.end(), "-") > 1)
    throw base::UsageError("use input", "-", "given twice");
  std::set<std::string> seen;
  for (const auto& path : inputs) {
    const bool is_new = seen.insert(identity(path, STDIN_FILENO)).second;
    if (!is_new && is_fifo(path, STDIN_FILENO))
      throw base::UsageError("use input", path, "given twice, and can be read once");
  }
  for (const auto& path : mates) {
    const std::string key = identity(path, STDIN_FILENO);
    if (!key.empty() && !seen.insert(key).second) {
      throw base::UsageError("use input", path, "given twice, and no file has its own mates");
    }
  }
  const auto is_map = [&](const std::string& path) { return path == map; };
  const bool is_standard = map == "-" && (std::any_of(inputs.begin(), inputs.end(), is_map) ||
                                          std::any_of(mates.begin(), mates.end(), is_map));
  if (is_standard || (is_fifo(map, STDIN_FILENO) && seen.contains(identity(map, STDIN_FILENO)))) {
    throw base::UsageError("use map", map, "an input, too, and can be read once");
  }
}

void refuse_read_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& read) {
  std::map<std::string, std::string> inputs;
  for (const auto& path : read) {
    if (is_fifo(path, STDIN_FILENO)) inputs.emplace(identity(path, STDIN_FILENO), path);
  }
  for (const auto& path : outputs) {
    const auto input = inputs.find(identity(path, STDOUT_FILENO));
    if (input == inputs.end()) continue;
    throw base::UsageError("use output", path, fmt::format("the same FIFO as input '{}'", input->second));
  }
}

}  // namespace mrf::split
