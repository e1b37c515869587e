// SPDX-License-Identifier: MIT
#include "collect/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "io/io.h"

namespace mrf::collect {

namespace {

constexpr std::size_t compressed_capacity = std::size_t{16} << 10;

short events_of(io::FdRef fd) {
  pollfd polled{fd.get(), POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0 ? polled.revents : short{0};
}

}  // namespace

Channel::Channel(const std::string& path, bool inflates)
    : name_(path == "-" ? io::stdin_name : path), is_shared_(path == "-"), inflates_(inflates) {
  // O_NONBLOCK belongs to the open file, which standard input shares with other processes.
  fd_ = is_shared_ ? io::duplicate(io::FdRef(STDIN_FILENO)) : open_again();
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw base::SystemError("open", name_);
  if (S_ISDIR(info.st_mode)) throw base::SystemError("open", name_, EISDIR);
  is_file_ = may_read_ = S_ISREG(info.st_mode);
  has_identity_ = is_file_ || S_ISFIFO(info.st_mode);
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

io::Fd Channel::open_again() const { return io::open_file(name_, O_RDONLY | O_NONBLOCK | O_NOCTTY); }

bool Channel::is_same(io::FdRef other) const {
  struct stat info {};
  return has_identity_ && ::fstat(other.get(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

// Opened before the old one is closed, so that a writer that comes in between has a reader. If that writer
// is gone already, the new one would never show the end (Linux fs/pipe.c, pipe_poll), the old one does.
void Channel::reopen() {
  io::Fd next = open_again();
  const bool came_and_went = !is_file_ && (events_of(next) & POLLIN) != 0 && (events_of(fd_) & POLLHUP) != 0;
  if (!came_and_went) fd_ = std::move(next);
  may_read_ = is_file_;
  is_ready_ = false;
  is_sniffed_ = has_half_magic_ = false;
  decoder_.reset();
  compressed_.reset();
}

std::optional<std::size_t> Channel::read_stored(std::span<char> to, io::Meter& meter) {
  if (is_shared_) may_read_ = is_file_;
  is_ready_ = false;
  for (;;) {
    const ssize_t n = ::read(fd_.get(), to.data(), to.size());
    if (n >= 0) {
      is_ready_ = may_read_ && static_cast<std::size_t>(n) == to.size();
      meter.bytes += static_cast<std::size_t>(n);
      stored_ += static_cast<std::size_t>(n);
      return static_cast<std::size_t>(n);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) throw base::SystemError("read", name_);
  }
}

std::optional<std::size_t> Channel::read(std::span<char> to, io::Meter& meter) {
  if (inflates_ && !is_sniffed_) return read_first(to, meter);
  if (!decoder_) return read_stored(to, meter);
  if (decoder_->has_more()) return inflate(to);
  const auto stored = read_stored({compressed_.get(), compressed_capacity}, meter);
  if (!stored) return std::nullopt;
  if (*stored == 0) {
    decoder_->finish();
    return 0;
  }
  decoder_->feed({compressed_.get(), *stored});
  return inflate(to);
}

std::optional<std::size_t> Channel::read_first(std::span<char> to, io::Meter& meter) {
  const std::size_t held = has_half_magic_ ? 1 : 0;
  if (held == 1) to[0] = '\x1f';
  to = to.first(std::min(to.size(), compressed_capacity));
  const auto stored = read_stored(to.subspan(held), meter);
  if (!stored) return std::nullopt;
  const std::string_view first{to.data(), held + *stored};
  if (*stored > 0 && first == "\x1f") {
    has_half_magic_ = true;
    return std::nullopt;
  }
  is_sniffed_ = true;
  if (!codec::is_gzip(first)) return first.size();
  decoder_.emplace(name_);
  compressed_ = std::make_unique_for_overwrite<char[]>(compressed_capacity);
  std::memcpy(compressed_.get(), first.data(), first.size());
  decoder_->feed({compressed_.get(), first.size()});
  return inflate(to);
}

std::optional<std::size_t> Channel::inflate(std::span<char> to) {
  const std::size_t n = decoder_->inflate(to);
  if (n == 0) return std::nullopt;
  return n;
}

}  // namespace mrf::collect
