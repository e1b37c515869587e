// SPDX-License-Identifier: MIT
#include "join/channel.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/error.h"
#include "sys/io.h"

namespace mrf {

Channel::Channel(const std::string& path) : name_(path == "-" ? stdin_name : path), is_shared_(path == "-") {
  // O_NONBLOCK belongs to the open file, which standard input shares with other processes.
  fd_ = is_shared_ ? duplicate(FdRef(STDIN_FILENO)) : open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw SystemError("open", name_);
  if (S_ISDIR(info.st_mode)) throw SystemError("open", name_, EISDIR);
  is_file_ = may_read_ = S_ISREG(info.st_mode);
  has_identity_ = is_file_ || S_ISFIFO(info.st_mode);
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

bool Channel::is_same(const Channel& other) const {
  return has_identity_ && other.has_identity_ && device_ == other.device_ && inode_ == other.inode_;
}

std::optional<std::size_t> Channel::read(std::span<char> to, Meter& meter) {
  if (is_shared_) may_read_ = is_file_;
  for (;;) {
    const ssize_t n = ::read(fd_.get(), to.data(), to.size());
    if (n >= 0) {
      meter.bytes += static_cast<std::size_t>(n);
      return static_cast<std::size_t>(n);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) throw SystemError("read", name_);
  }
}

}  // namespace mrf
