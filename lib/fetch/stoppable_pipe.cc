// SPDX-License-Identifier: MIT
#include "fetch/stoppable_pipe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "io/paths.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

// How often a FIFO without a reader is tried, since open(2) of a FIFO has no event to wait for; stop() is
// looked at as often.
constexpr int look_again_ms = 20;

int descriptor_of(const std::string& path) {
  return path == "-" ? STDOUT_FILENO : io::inherited_descriptor(path);
}

}  // namespace

bool StoppablePipe::is_one(const std::string& path) {
  struct stat info {};
  int result = ::lstat(path.c_str(), &info);
  const bool is_link = result == 0 && S_ISLNK(info.st_mode);
  const int number = path == "-" ? STDOUT_FILENO : io::inherited_descriptor(path, is_link);
  if (number >= 0) {
    result = ::fstat(number, &info);
  } else if (is_link) {
    result = ::stat(path.c_str(), &info);
  }
  return result == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

StoppablePipe::StoppablePipe(std::string path)
    : path_(std::move(path)), name_(path_ == "-" ? io::stdout_name : path_) {}

void StoppablePipe::throw_if_stopped() const {
  if (is_stopped_ || io::interrupted() != 0) throw Stopped();
}

void StoppablePipe::open() {
  if (const int number = descriptor_of(path_); number >= 0) {
    open_inherited(number);
  } else {
    open_path();
  }
  io::enlarge_pipe(fd_, io::most_pipe_bytes);
}

// A FIFO without a reader is ENXIO (open(2)); other files have that, too.
void StoppablePipe::open_path() {
  for (;;) {
    throw_if_stopped();
    const int fd = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const int error = errno;
    if (fd >= 0) {
      fd_ = io::Fd(io::adopt_fd, fd);
      return;
    }
    struct stat info {};
    const bool is_fifo = ::stat(path_.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
    if (error != EINTR && (error != ENXIO || !is_fifo)) throw base::SystemError("open", name_, error);
    (void)::poll(nullptr, 0, look_again_ms);
  }
}

void StoppablePipe::open_inherited(int number) {
  const std::string self = fmt::format("/proc/self/fd/{}", number);
  fd_ = io::Fd(io::adopt_fd, ::open(self.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  blocks_ = !fd_.is_open();
  if (blocks_) fd_ = io::duplicate(io::FdRef(number));
}

void StoppablePipe::wait_for_room() const {
  pollfd event{fd_.get(), POLLOUT, 0};
  do {
    throw_if_stopped();
  } while (::poll(&event, 1, look_again_ms) <= 0);
}

void StoppablePipe::write(std::string_view bytes, io::Meter& meter) {
  const io::WaitTimer timer(meter);
  while (!bytes.empty()) {
    throw_if_stopped();
    if (blocks_) wait_for_room();
    // A pipe that takes anything takes so much at once (pipe(7)).
    const ssize_t n = ::write(fd_.get(), bytes.data(),
                              blocks_ ? std::min<std::size_t>(PIPE_BUF, bytes.size()) : bytes.size());
    if (n >= 0) {
      meter.bytes += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      wait_for_room();
    } else if (errno == EPIPE) {
      throw base::ClosedOutput(name_);
    } else if (errno != EINTR) {
      throw base::SystemError("write", name_);
    }
  }
}

void StoppablePipe::close() {
  if (const int error = fd_.close(); error != 0) throw base::SystemError("write", name_, error);
}

}  // namespace mrf::fetch
