// SPDX-License-Identifier: MIT
#include "collect/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace mrf::collect {

namespace {

// Data that are held are copied. A reader that takes a bit of each of its inputs in turn is waited for, one
// that reads its inputs one after the other is not: the result is the same, whatever this time is.
constexpr std::chrono::milliseconds patience{100};

constexpr int longest_wait_ms = 32;  // between two looks at what the reader has read

bool is_pipe(io::FdRef fd) {
  struct stat info {};
  return ::fstat(fd.get(), &info) == 0 && S_ISFIFO(info.st_mode);
}

// O_NONBLOCK belongs to the open file, which others may share: a pipe is opened once more. Writing anything
// else blocks as ever.
io::Fd open_unblocked(io::FdRef fd, const std::string& name) {
  if (!is_pipe(fd)) return io::duplicate(fd);
  const std::string path = fmt::format("/proc/self/fd/{}", fd.get());
  io::Fd own(io::adopt_fd, ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!own.is_open()) throw base::SystemError("open", name);
  return own;
}

}  // namespace

SpoolSink::SpoolSink(io::FdRef fd, std::string name, io::Meter& meter, const Memory& memory,
                     io::Reactor& reactor, bool until_read)
    : fd_(open_unblocked(fd, name)),
      name_(std::move(name)),
      meter_(meter),
      memory_(memory),
      reactor_(reactor),
      until_read_(until_read && is_pipe(fd)),
      held_(memory.pool, memory.spill) {}

SpoolSink::~SpoolSink() { reactor_.forget(fd_); }

// How much was written: 0 when there is no room.
std::size_t SpoolSink::write_now(const void* data, std::size_t size) {
  for (;;) {
    const ssize_t n = ::write(fd_.get(), data, size);
    if (n >= 0) {
      meter_.bytes += static_cast<std::size_t>(n);
      return static_cast<std::size_t>(n);
    }
    if (errno == EAGAIN) return 0;
    if (errno == EINTR) continue;
    if (errno == EPIPE && !until_read_) throw base::ClosedOutput(name_);
    throw base::SystemError("write", name_);
  }
}

bool SpoolSink::has_room_within(std::chrono::milliseconds time) {
  const io::WaitTimer timer(meter_);
  pollfd polled{fd_.get(), POLLOUT, 0};
  return ::poll(&polled, 1, static_cast<int>(time.count())) > 0;
}

void SpoolSink::write(std::span<iovec> pieces) {
  drain();
  while (held_.empty() && !pieces.empty()) {
    iovec& piece = pieces.front();
    const std::size_t written = write_now(piece.iov_base, piece.iov_len);
    piece.iov_base = static_cast<char*>(piece.iov_base) + written;
    piece.iov_len -= written;
    if (piece.iov_len == 0) {
      pieces = pieces.subspan(1);
    } else if (written == 0 && !has_room_within(patience)) {
      break;
    }
  }
  hold(pieces);
  if (!held_.empty()) watch();
}

void SpoolSink::hold(std::span<iovec> pieces) {
  for (const iovec& piece : pieces) {
    std::string_view rest(static_cast<const char*>(piece.iov_base), piece.iov_len);
    while (!rest.empty()) {
      if (!open_ || filled_ == open_->capacity) {
        if (open_ && memory_.pool.used() > memory_.limit) held_.spill_last(open_);
        open_ = memory_.pool.get();
        filled_ = 0;
      }
      const std::size_t n = std::min(rest.size(), open_->capacity - filled_);
      std::memcpy(open_->data + filled_, rest.data(), n);
      held_.push(open_, {open_->data + filled_, n}, 0);
      filled_ += n;
      rest.remove_prefix(n);
    }
  }
}

void SpoolSink::watch() {
  if (reactor_.is_watched(fd_)) return;
  reactor_.watch(fd_, EPOLLOUT, [this](std::uint32_t) { drain(); });
}

void SpoolSink::drain() {
  while (!held_.empty()) {
    const std::string_view bytes = held_.front().bytes;
    const std::size_t written = write_now(bytes.data(), bytes.size());
    held_.consume(written, 0);
    if (written < bytes.size()) return;
  }
  reactor_.forget(fd_);
  open_ = {};
}

void SpoolSink::finish() {
  for (drain(); !held_.empty(); drain()) has_room_within(std::chrono::milliseconds(-1));
  if (!until_read_) return;
  const io::WaitTimer timer(meter_);
  for (int wait_ms = 1; io::is_unread(fd_, name_); wait_ms = std::min(2 * wait_ms, longest_wait_ms)) {
    pollfd polled{fd_.get(), 0, 0};
    (void)::poll(&polled, 1, wait_ms);  // ends early when no reader is left
  }
}

}  // namespace mrf::collect
