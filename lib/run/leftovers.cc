// SPDX-License-Identifier: MIT
// Both processes of a run lock the mark, shared: mrf-run, and its watchdog, which still ends jobs and removes
// directories when mrf-run was killed. Another run removes what the mark names when it gets the lock alone.
//
// The mark is locked before it has its name, so that one with this name which can be locked is that of a dead
// process. A lock of another machine may not be seen where a directory is on a network file system: the mark
// names this start of this machine.
#include "run/leftovers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <system_error>

#include "io/paths.h"
#include "io/reader.h"
#include "io/stats.h"

namespace mrf::run {

namespace {

constexpr const char* mark_name = "/run.lock";
constexpr const char* mark_in_making = "/run.lock.0";
constexpr std::size_t digits_of_name = 16;

bool is_name_of_run(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return name.size() == digits_of_name + 1 && name[0] == '.' &&
         name.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

bool is_own_directory(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid();
}

void remove_directory(const std::string& path, std::string_view prefix) {
  std::error_code ignored;
  if (is_name_of_run(io::base_of(path), prefix) && is_own_directory(path))
    std::filesystem::remove_all(path, ignored);
}

// Its words end with NUL: when the machine was started, then directories.
std::vector<std::string> words_of(std::string_view mark) {
  std::vector<std::string> words;
  for (std::size_t end; (end = mark.find('\0')) != std::string_view::npos; mark.remove_prefix(end + 1))
    words.emplace_back(mark.substr(0, end));
  return words;
}

io::Fd open_mark(const std::string& directory) {
  const std::string path = directory + mark_name;
  return {io::adopt_fd, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
}

// Between open(2) and flock(2) a run that leaves its directory may have removed the mark, and ended.
bool has_its_name(const struct stat& info, const std::string& path) {
  struct stat named {};
  return ::lstat(path.c_str(), &named) == 0 && io::FileId(named) == io::FileId(info);
}

void remove_if_dead(const std::string& directory) {
  if (!is_own_directory(directory)) return;
  const io::Fd file = open_mark(directory);
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return;
  if (!has_its_name(info, directory + mark_name)) return;
  std::string mark(static_cast<std::size_t>(info.st_size), '\0');
  if (::pread(file.get(), mark.data(), mark.size(), 0) != info.st_size) return;
  const auto words = words_of(mark);
  if (words.empty() || words[0] != io::start_of_machine()) return;
  for (std::size_t at = 1; at < words.size(); ++at) remove_directory(words[at], result_directory_prefix);
  remove_directory(directory, fifo_directory_prefix);
}

}  // namespace

void LiveMark::set(const std::string& directory, const std::vector<std::string>& others) noexcept {
  try {
    std::string mark = io::start_of_machine() + '\0';
    for (const auto& other : others) mark += std::filesystem::absolute(other).string() + '\0';
    const std::string making = directory + mark_in_making;
    file_ = io::Fd(io::adopt_fd, ::open(making.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const bool is_made = file_.is_open() && ::flock(file_.get(), LOCK_SH | LOCK_NB) == 0 &&
                         ::write(file_.get(), mark.data(), mark.size()) == static_cast<ssize_t>(mark.size());
    if (is_made && ::rename(making.c_str(), (directory + mark_name).c_str()) == 0) return;
    ::unlink(making.c_str());
  } catch (const std::exception&) {
    return;  // without a mark the directory stays when all is killed
  }
}

void LiveMark::hold(const std::string& directory) noexcept {
  if (file_.is_open()) return;
  try {
    file_ = open_mark(directory);
  } catch (const std::exception&) {
    return;
  }
  if (file_.is_open() && ::flock(file_.get(), LOCK_SH | LOCK_NB) != 0) file_.reset();
}

void LiveMark::remove(const std::string& directory) noexcept {
  std::error_code ignored;
  try {
    std::filesystem::remove(directory + mark_name, ignored);
  } catch (const std::exception&) {
    return;
  }
}

void remove_leftovers(const std::string& root) noexcept {
  try {
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator(root, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      const std::string path = entry->path();
      if (is_name_of_run(io::base_of(path), fifo_directory_prefix)) remove_if_dead(path);
    }
  } catch (const std::exception&) {
    return;  // the next run looks again
  }
}

}  // namespace mrf::run
