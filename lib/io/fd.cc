// SPDX-License-Identifier: MIT
#include "io/fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <iterator>

#include "base/error.h"
#include "io/stats.h"

namespace mrf::io {

void Fd::reset() noexcept { (void)close(); }

int Fd::close() noexcept {
  if (fd_ < 0) return 0;
  // close(2): on Linux the descriptor is gone even after EINTR.
  return ::close(std::exchange(fd_, -1)) == 0 || errno == EINTR ? 0 : errno;
}

void occupy_standard_descriptors() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // open(2) gives the lowest number that is free.
    if (::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
  }
}

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

}  // namespace

int inherited_descriptor(const std::string& path) {
  constexpr int most_links = 40;  // as the kernel's (path_resolution(7))
  std::string name = path;
  for (int links = 0; links < most_links; ++links) {
    if (const int fd = named_descriptor(name); fd >= 0) return fd;
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

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw base::SystemError("make", "pipe");
  return {Fd(adopt_fd, ends[0]), Fd(adopt_fd, ends[1])};
}

Fd open_file(const std::string& path, int flags, unsigned mode) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) return Fd(adopt_fd, fd);
    if (errno != EINTR) throw base::SystemError("open", path);
  }
}

Fd duplicate(FdRef fd) {
  const int copy = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw base::SystemError("duplicate", "file descriptor");
  return Fd(adopt_fd, copy);
}

void ask_pipe_size(FdRef pipe, size_t bytes) noexcept {
  (void)::fcntl(pipe.get(), F_SETPIPE_SZ, static_cast<int>(std::min<size_t>(bytes, INT_MAX)));
}

void enlarge_pipe(FdRef pipe, size_t bytes) noexcept {
  if (std::getenv(stats_prefix_variable) != nullptr) return;
  const int size = ::fcntl(pipe.get(), F_GETPIPE_SZ);
  if (size >= 0 && static_cast<size_t>(size) < bytes) ask_pipe_size(pipe, bytes);
}

namespace {
std::optional<rlimit> found_open_file_limit;
}  // namespace

void raise_open_file_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  const rlimit found = limit;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) found_open_file_limit = found;
}

std::optional<rlimit> given_open_file_limit() noexcept { return found_open_file_limit; }

bool is_anonymous_pipe(const std::string& path) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && info.f_type == PIPEFS_MAGIC;
}

}  // namespace mrf::io
