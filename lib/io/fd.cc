// SPDX-License-Identifier: MIT
#include "io/fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/ioctl.h>
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
#include "io/move_bytes.h"
#include "io/paths.h"
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
    // open(2) gives the lowest number that is free. Nobody can read or write a symbolic link, nor open it by
    // the descriptor's name, as /dev/stdin.
    if (::open("/proc/self", O_PATH | O_NOFOLLOW) < 0 &&
        ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
      return;
  }
}

bool was_closed(FdRef fd) noexcept {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  return flags < 0 || (flags & O_PATH) != 0;
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
    if (errno == EINTR) continue;
    // What occupy_standard_descriptors() has put there.
    if (errno == ELOOP && inherited_descriptor(path) >= 0) errno = EBADF;
    throw base::SystemError("open", path);
  }
}

Fd duplicate(FdRef fd) {
  const int copy = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw base::SystemError("duplicate", "file descriptor");
  return Fd(adopt_fd, copy);
}

Fd duplicate_standard_input() {
  if (was_closed(FdRef(STDIN_FILENO))) throw base::SystemError("read", stdin_name, EBADF);
  return duplicate(FdRef(STDIN_FILENO));
}

void ask_pipe_size(FdRef pipe, size_t bytes) noexcept {
  (void)::fcntl(pipe.get(), F_SETPIPE_SZ, static_cast<int>(std::min<size_t>(bytes, INT_MAX)));
}

void enlarge_pipe(FdRef pipe, size_t bytes) noexcept {
  if (std::getenv(stats_prefix_variable) != nullptr) return;
  const int size = ::fcntl(pipe.get(), F_GETPIPE_SZ);
  if (size >= 0 && static_cast<size_t>(size) < bytes) ask_pipe_size(pipe, bytes);
}

// The readers are looked at first: one that leaves later may have read the last bytes before.
bool is_unread(FdRef pipe, const std::string& name) {
  pollfd polled{pipe.get(), 0, 0};
  int bytes = 0;
  if (::poll(&polled, 1, 0) < 0) return true;
  if (::ioctl(pipe.get(), FIONREAD, &bytes) != 0) throw base::SystemError("write", name);
  if (bytes > 0 && (polled.revents & POLLERR) != 0) throw base::SystemError("write", name, EPIPE);
  return bytes > 0;
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

std::size_t read_some(FdRef fd, const std::string& name, std::span<char> to, Meter& meter) {
  const WaitTimer timer(meter);
  for (;;) {
    const ssize_t n = ::read(fd.get(), to.data(), to.size());
    if (n >= 0) {
      meter.bytes += static_cast<std::uint64_t>(n);
      return static_cast<std::size_t>(n);
    }
    if (errno == EAGAIN) {
      wait_until_ready(fd, POLLIN);
    } else if (errno != EINTR) {
      throw base::SystemError("read", name);
    }
  }
}

std::size_t read_full(FdRef fd, const std::string& name, std::span<char> to, Meter& meter) {
  std::size_t done = 0;
  while (done < to.size()) {
    const std::size_t n = read_some(fd, name, to.subspan(done), meter);
    if (n == 0) break;
    done += n;
  }
  return done;
}

void write_all(FdRef fd, const std::string& name, std::string_view from, Meter& meter) {
  const WaitTimer timer(meter);
  while (!from.empty()) {
    const ssize_t n = ::write(fd.get(), from.data(), from.size());
    if (n < 0) {
      if (errno == EPIPE) throw base::ClosedOutput(name);
      if (errno != EINTR && errno != EAGAIN) throw base::SystemError("write", name);
      if (errno == EAGAIN) wait_until_ready(fd, POLLOUT);
      continue;
    }
    meter.bytes += static_cast<std::uint64_t>(n);
    from.remove_prefix(static_cast<std::size_t>(n));
  }
}

void write_all_at(FdRef fd, const std::string& name, std::string_view from, std::uint64_t at) {
  while (!from.empty()) {
    const ssize_t n = ::pwrite(fd.get(), from.data(), from.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw base::SystemError("write", name);
    from.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
}

}  // namespace mrf::io
