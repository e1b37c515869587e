// SPDX-License-Identifier: MIT
#include "io/paths.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <filesystem>
#include <iterator>
#include <map>
#include <string_view>
#include <system_error>

#include "base/error.h"

namespace mrf::io {

namespace {

int named_descriptor(std::string_view path) {
  constexpr std::string_view standard[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
  if (const auto* found = std::find(std::begin(standard), std::end(standard), path);
      found != std::end(standard))
    return static_cast<int>(found - std::begin(standard));
  for (const std::string_view directory : {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"}) {
    if (!path.starts_with(directory)) continue;
    path.remove_prefix(directory.size());
    int number = -1;
    const auto [end, code] = std::from_chars(path.data(), path.data() + path.size(), number);
    return code == std::errc() && end == path.data() + path.size() ? number : -1;
  }
  return -1;
}

// The identity of a file that may be given once only; "" for other files, and for paths that name none.
std::string single_key(const std::string& path, FdRef standard) {
  if (path.empty()) return "";
  struct stat info {};
  const bool is_there = (path == "-" ? ::fstat(standard.get(), &info) : ::stat(path.c_str(), &info)) == 0;
  if (path == "-" && !is_there) return "";
  if (is_there && !S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) return "";
  return file_key(path, standard);
}

std::string_view shown_name(const std::string& path, std::string_view standard) {
  return path == "-" ? standard : path;
}

}  // namespace

int inherited_descriptor(const std::string& path, bool may_be_link) {
  constexpr int most_links = 40;  // as the kernel's (path_resolution(7))
  std::string name = path;
  for (int links = 0; links < most_links; ++links) {
    if (const int fd = named_descriptor(name); fd >= 0) return fd;
    if (!may_be_link) return -1;
    char to[PATH_MAX];
    const ssize_t length = ::readlink(name.c_str(), to, sizeof to);
    if (length <= 0 || length == sizeof to) return -1;
    const std::string_view target(to, static_cast<std::size_t>(length));
    const std::size_t slash = name.rfind('/');
    const bool is_relative = target.front() != '/' && slash != std::string::npos;
    name = (is_relative ? name.substr(0, slash + 1) : std::string()).append(target);
  }
  return -1;
}

FileId file_id(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw base::SystemError("open", path);
  return FileId(info);
}

std::optional<FileId> find_file_id(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileId(info);
}

bool has_name(FdRef file, const std::string& path, bool may_be_link) noexcept {
  struct stat open {};
  struct stat named {};
  const bool are_there =
      ::fstat(file.get(), &open) == 0 && (may_be_link ? ::stat : ::lstat)(path.c_str(), &named) == 0;
  return are_there && FileId(open) == FileId(named);
}

std::string file_key(const std::string& path, FdRef standard) {
  struct stat info {};
  const bool is_there = (path == "-" ? ::fstat(standard.get(), &info) : ::stat(path.c_str(), &info)) == 0;
  if (!is_there) return place_written(path);
  if (S_ISCHR(info.st_mode)) return "";
  return fmt::format("{}:{}", info.st_dev, info.st_ino);
}

bool is_anonymous_pipe(const std::string& path) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && info.f_type == PIPEFS_MAGIC;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string base_of(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

std::string follow_link(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return path;
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) != nullptr) return resolved;
  if (errno == ELOOP) throw base::SystemError("open", path);
  const ssize_t length = ::readlink(path.c_str(), resolved, sizeof resolved);
  if (length < 0 || static_cast<std::size_t>(length) == sizeof resolved)
    throw base::SystemError("open", path);
  const std::string to(resolved, static_cast<std::size_t>(length));
  return follow_link(to.starts_with('/') ? to : directory_of(path) + "/" + to);
}

void refuse_input_as_standard_output(const std::vector<std::string>& inputs) {
  struct stat output {};
  if (::fstat(STDOUT_FILENO, &output) != 0 || !S_ISREG(output.st_mode)) return;
  for (const std::string& input : inputs) {
    struct stat info {};
    const bool is_standard = input == "-";
    if ((is_standard ? ::fstat(STDIN_FILENO, &info) : ::stat(input.c_str(), &info)) == 0 &&
        FileId(info) == FileId(output))
      throw base::UsageError("use output", std::string(stdout_name),
                             fmt::format("the same file as input '{}'", is_standard ? stdin_name : input));
  }
}

void refuse_shared_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs) {
  std::map<std::string, std::string> seen;
  for (const std::string& path : outputs) {
    const std::string key = single_key(path, FdRef(STDOUT_FILENO));
    if (key.empty()) continue;
    const auto [first, is_new] = seen.emplace(key, path);
    if (!is_new)
      throw base::UsageError("use output", shown_name(path, stdout_name),
                             fmt::format("the same file as '{}'", shown_name(first->second, stdout_name)));
  }
  for (const std::string& path : inputs) {
    const auto output = seen.find(single_key(path, FdRef(STDIN_FILENO)));
    if (output == seen.end()) continue;
    struct stat info {};
    const bool is_fifo = (path == "-" ? ::fstat(STDIN_FILENO, &info) : ::stat(path.c_str(), &info)) == 0 &&
                         S_ISFIFO(info.st_mode);
    throw base::UsageError(
        "use output", shown_name(output->second, stdout_name),
        fmt::format("the same {} as input '{}'", is_fifo ? "FIFO" : "file", shown_name(path, stdin_name)));
  }
}

std::string place_of(const std::string& path) {
  std::error_code error;
  auto directory = std::filesystem::absolute(directory_of(path), error);
  if (error) directory = directory_of(path);
  const auto canonical = std::filesystem::weakly_canonical(directory, error);
  return (error || canonical.empty() ? directory.lexically_normal() : canonical) / base_of(path);
}

std::string working_directory() {
  std::error_code error;
  std::string path = std::filesystem::current_path(error).string();
  if (error) throw base::SystemError("find", "working directory", error.value());
  return path;
}

std::string absolute_path(const std::string& path) {
  return path.starts_with('/') ? path : (std::filesystem::path(working_directory()) / path).string();
}

std::string place_written(const std::string& path) { return place_of(follow_link(path)); }

bool is_same_output(const std::string& a, const std::string& b) {
  const std::string key = file_key(a, FdRef(STDOUT_FILENO));
  return !key.empty() && key == file_key(b, FdRef(STDOUT_FILENO));
}

bool is_same_file(const std::string& a, const std::string& b) {
  if (a == "-" || b == "-") return false;
  struct stat info {};
  if (::stat(a.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) return false;
  return file_key(a, FdRef(-1)) == file_key(b, FdRef(-1));
}

bool is_standard_input(const std::string& path) {
  struct stat input {};
  if (path == "-" || ::fstat(STDIN_FILENO, &input) != 0 || !S_ISREG(input.st_mode)) return false;
  return find_file_id(path) == FileId(input);
}

}  // namespace mrf::io
