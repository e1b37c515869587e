// SPDX-License-Identifier: MIT
#include "io/move_bytes.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "io/fd.h"

namespace mrf::io {

namespace {

using Buffer = std::array<char, 65536>;

// What the kernel cannot splice (a terminal, a file opened for appending) goes through memory.
bool needs_memory(int error_number) { return error_number == EINVAL || error_number == ENOSYS; }

bool would_block(int error_number) { return error_number == EAGAIN || error_number == EINTR; }

[[noreturn]] void fail_to_write(const std::string& name) {
  if (errno == EPIPE) throw base::ClosedOutput(name);
  throw base::SystemError("write", name);
}

ssize_t feed_through_memory(FdRef file, std::uint64_t offset, std::size_t most, FdRef pipe) {
  Buffer buffer;
  const ssize_t n =
      ::pread(file.get(), buffer.data(), std::min(most, buffer.size()), static_cast<off_t>(offset));
  return n <= 0 ? n : ::write(pipe.get(), buffer.data(), static_cast<std::size_t>(n));
}

ssize_t drain_through_memory(FdRef pipe, std::size_t most, FdRef to, const std::string& to_name) {
  Buffer buffer;
  const ssize_t n = ::read(pipe.get(), buffer.data(), std::min(most, buffer.size()));
  Meter meter;
  if (n > 0) write_all(to, to_name, {buffer.data(), static_cast<std::size_t>(n)}, meter);
  return n;
}

}  // namespace

void wait_until_ready(FdRef fd, short events) noexcept {
  pollfd polled{fd.get(), events, 0};
  (void)::poll(&polled, 1, -1);
}

ssize_t splice_file(FdRef file, std::uint64_t offset, std::size_t most, FdRef pipe) {
  auto at = static_cast<off_t>(offset);
  const ssize_t n = ::splice(file.get(), &at, pipe.get(), nullptr, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  return n < 0 && needs_memory(errno) ? feed_through_memory(file, offset, most, pipe) : n;
}

std::optional<std::size_t> feed_pipe(FdRef file, const std::string& file_name, std::uint64_t offset,
                                     std::size_t most, FdRef pipe) {
  const ssize_t n = splice_file(file, offset, most, pipe);
  if (n > 0) return static_cast<std::size_t>(n);
  if (n == 0) throw base::Error(base::Status::failure, "read", file_name, "the file became shorter");
  if (would_block(errno)) return std::nullopt;
  throw base::SystemError("read", file_name);
}

std::optional<std::size_t> feed_pipe(std::string_view bytes, FdRef pipe) {
  const ssize_t n = ::write(pipe.get(), bytes.data(), bytes.size());
  if (n >= 0) return static_cast<std::size_t>(n);
  if (would_block(errno)) return std::nullopt;
  throw base::SystemError("write", "filter");
}

PipeDrain::PipeDrain(bool keeps_last) : between_(make_pipe()), keeps_last_(keeps_last) {
  ask_pipe_size(between_.write_end, most_pipe_bytes);
}

std::optional<std::size_t> PipeDrain::fill(FdRef pipe, std::size_t most) {
  const ssize_t taken = ::splice(pipe.get(), nullptr, between_.write_end.get(), nullptr,
                                 std::min(most, most_pipe_bytes), SPLICE_F_NONBLOCK);
  if (taken < 0 && would_block(errno)) return std::nullopt;
  if (taken < 0) throw base::SystemError("read", "filter");
  filled_ = static_cast<std::size_t>(taken);
  return filled_;
}

void PipeDrain::flush(FdRef to, const std::string& to_name) {
  std::size_t left = filled_ + (has_last_ ? 1 : 0) - (keeps_last_ ? 1 : 0);
  has_last_ = keeps_last_;
  while (left > 0) {
    ssize_t n = ::splice(between_.read_end.get(), nullptr, to.get(), nullptr, left, 0);
    if (n < 0 && needs_memory(errno)) n = drain_through_memory(between_.read_end, left, to, to_name);
    if (n > 0) {
      left -= static_cast<std::size_t>(n);
    } else if (n == 0 || !would_block(errno)) {
      fail_to_write(to_name);
    } else {
      wait_until_ready(to, POLLOUT);
    }
  }
}

std::optional<std::size_t> PipeDrain::drain(FdRef pipe, FdRef to, const std::string& to_name) {
  const auto taken = fill(pipe);
  if (taken && *taken > 0) flush(to, to_name);
  return taken;
}

std::optional<char> PipeDrain::take_last() {
  if (!has_last_) return std::nullopt;
  char last = 0;
  if (::read(between_.read_end.get(), &last, 1) != 1) throw base::SystemError("read", "pipe");
  has_last_ = false;
  return last;
}

void copy_file(FdRef file, std::uint64_t size, FdRef to, const std::string& to_name, std::uint64_t offset) {
  const std::uint64_t end = offset + size;
  auto at = static_cast<off_t>(offset);
  while (static_cast<std::uint64_t>(at) < end) {
    const std::uint64_t left = end - static_cast<std::uint64_t>(at);
    ssize_t n = ::sendfile(to.get(), file.get(), &at, left);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      wait_until_ready(to, POLLOUT);
      continue;
    }
    if (n < 0 && !needs_memory(errno)) fail_to_write(to_name);
    if (n < 0) {
      Buffer buffer;
      n = ::pread(file.get(), buffer.data(), std::min<std::uint64_t>(left, buffer.size()), at);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw base::SystemError("read", "file to copy");
      Meter meter;
      write_all(to, to_name, {buffer.data(), static_cast<std::size_t>(n)}, meter);
      at += n;
    }
    if (n == 0) throw base::Error(base::Status::failure, "read", "file to copy", "it became shorter");
  }
}

}  // namespace mrf::io
