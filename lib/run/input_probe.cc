// SPDX-License-Identifier: MIT
#include "run/input_probe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/redact.h"
#include "io/fd.h"
#include "io/paths.h"
#include "workflow/stream_kind.h"

namespace mrf::run {

namespace {

// What a job finds below the numbers of the standard streams is its own, but for standard input.
void require_readable(int fd, const std::string& path) {
  if (fd == STDOUT_FILENO || fd == STDERR_FILENO)
    throw base::UsageError("read", path, "it is where the output or the messages go, and no input");
  const bool is_for_writing = path == "-" && (::fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
  if (is_for_writing || io::was_closed(io::FdRef(fd)))
    throw base::SystemError("read", path == "-" ? "standard input" : path, EBADF);
}

workflow::InputStart start_of_file(int fd, off_t from) {
  std::string bytes(workflow::content_bytes, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t n = ::pread(fd, bytes.data() + size, bytes.size() - size, from + static_cast<off_t>(size));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  bytes.resize(size);
  const workflow::Rest rest = size == workflow::content_bytes ? workflow::Rest::unseen : workflow::Rest::none;
  return workflow::start_of(bytes, rest).value_or(workflow::InputStart());
}

// A copy of the first bytes in the pipe; empty where this kernel has no tee(2) for it.
std::optional<std::string> peek_pipe(int fd) {
  const io::Pipe copy = io::make_pipe();
  ::fcntl(copy.write_end.get(), F_SETPIPE_SZ, static_cast<int>(workflow::content_bytes));
  std::string bytes(workflow::content_bytes, '\0');
  const ssize_t copied = ::tee(fd, copy.write_end.get(), bytes.size(), SPLICE_F_NONBLOCK);
  if (copied < 0 && errno == EAGAIN) return "";
  if (copied < 0) return std::nullopt;
  std::size_t size = 0;
  while (size < static_cast<std::size_t>(copied)) {
    const ssize_t n =
        ::read(copy.read_end.get(), bytes.data() + size, static_cast<std::size_t>(copied) - size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    size += static_cast<std::size_t>(n);
  }
  bytes.resize(size);
  return bytes;
}

std::optional<std::string> peek_socket(int fd) {
  std::string bytes(workflow::content_bytes, '\0');
  const ssize_t n = ::recv(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? std::optional<std::string>("") : std::nullopt;
  bytes.resize(static_cast<std::size_t>(n));
  return bytes;
}

// A pipe that is full will not show more before something is taken from it.
bool is_full(int fd, std::size_t seen) {
  const int capacity = ::fcntl(fd, F_GETPIPE_SZ);
  return seen >= workflow::content_bytes || (capacity > 0 && seen >= static_cast<std::size_t>(capacity) / 2);
}

// poll(2) wakes for the first byte only: while that is not enough to tell, look again after a moment. How
// long the writer takes decides nothing.
workflow::InputStart start_of_stream(int fd, std::optional<std::string> (*peek)(int), std::size_t wanted) {
  constexpr std::chrono::milliseconds moment(5);
  for (;;) {
    pollfd polled{fd, POLLIN | POLLRDHUP, 0};
    if (::poll(&polled, 1, -1) < 0) {
      if (errno == EINTR) continue;
      return {};
    }
    const auto bytes = peek(fd);
    if (!bytes) return {};
    const bool has_ended = (polled.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
    const workflow::Rest rest = is_full(fd, bytes->size()) ? workflow::Rest::unseen
                                : has_ended                ? workflow::Rest::none
                                                           : workflow::Rest::to_come;
    if (auto start = workflow::start_of(*bytes, rest)) {
      const bool is_enough = start->content != workflow::Content::fastq || start->reads.size() >= wanted ||
                             rest != workflow::Rest::to_come;
      if (is_enough) return *std::move(start);
    }
    std::this_thread::sleep_for(moment);
  }
}

}  // namespace

workflow::InputStart probe_input(const std::string& path, ProbeOf of, std::size_t reads) {
  if (base::is_url(path)) return {};
  struct stat info {};
  if (const int fd = path == "-" ? STDIN_FILENO : io::inherited_descriptor(path); fd >= 0) {
    require_readable(fd, path);
    if (::fstat(fd, &info) != 0) return {};
    if (S_ISREG(info.st_mode)) {
      // A path is opened anew, at the file's start; - is read on from where it stands.
      const off_t from = path == "-" ? ::lseek(fd, 0, SEEK_CUR) : 0;
      return from < 0 ? workflow::InputStart() : start_of_file(fd, from);
    }
    if (of == ProbeOf::files) return {};
    if (S_ISFIFO(info.st_mode)) return start_of_stream(fd, peek_pipe, reads);
    return S_ISSOCK(info.st_mode) ? start_of_stream(fd, peek_socket, reads) : workflow::InputStart();
  }
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  try {
    return start_of_file(io::open_file(path, O_RDONLY).get(), 0);
  } catch (const base::Error&) {
    return {};
  }
}

bool has_standard_input() {
  struct stat info {};
  return ::fstat(STDIN_FILENO, &info) == 0 && ::isatty(STDIN_FILENO) == 0;
}

}  // namespace mrf::run
