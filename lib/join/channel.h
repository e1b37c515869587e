// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "sys/fd.h"
#include "sys/meter.h"

namespace mrf {

/// An input that is opened and read without ever blocking, whenever its writer comes.
class Channel {
 public:
  /// "-" is standard input. Throws SystemError "cannot open"; a directory is refused.
  explicit Channel(const std::string& path);

  /// "standard input" or the path, for messages.
  const std::string& name() const { return name_; }
  FdRef fd() const { return fd_; }
  /// True when reading cannot wait and nobody waits for it: a regular file.
  bool is_file() const { return is_file_; }
  /// True when both are the same pipe, FIFO or regular file.
  bool is_same(const Channel& other) const;

  /// To be told when poll(2) reports something. A FIFO shows nothing until a writer has opened it, but
  /// read(2) would say end-of-file there (fifo(7)).
  void report() { may_read_ = true; }
  /// True when read() has a chance without another report.
  bool may_read() const { return may_read_; }
  /// One read(2). 0 is the end; nothing when there is nothing now. Throws SystemError "cannot read".
  std::optional<std::size_t> read(std::span<char> to, Meter& meter);

 private:
  std::string name_;
  Fd fd_;
  bool is_file_ = false;
  bool is_shared_ = false;
  bool may_read_ = false;
  bool has_identity_ = false;
  unsigned long device_ = 0;
  unsigned long inode_ = 0;
};

}  // namespace mrf
