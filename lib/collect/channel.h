// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "codec/inflate.h"
#include "io/fd.h"
#include "io/meter.h"

namespace mrf::collect {

/// An input that is opened and read without ever blocking, whenever its writer comes.
class Channel {
 public:
  /// "-" is standard input. If it `inflates`, gzip and BGZF are recognised by their magic bytes and inflated.
  /// Throws SystemError "cannot open"; a directory is refused.
  Channel(const std::string& path, bool inflates);

  /// "standard input" or the path, for messages.
  const std::string& name() const { return name_; }
  io::FdRef fd() const { return fd_; }
  /// Where it is, for a pipe, a FIFO and a regular file: device and inode.
  std::optional<std::pair<dev_t, ino_t>> identity() const {
    return has_identity_ ? std::optional(std::pair(device_, inode_)) : std::nullopt;
  }
  /// True when reading cannot wait and nobody waits for it: a regular file.
  bool is_file() const { return is_file_; }
  /// True when `other` is the same pipe, FIFO or regular file.
  bool is_same(io::FdRef other) const;

  /// To be told when poll(2) reports something. A FIFO shows nothing until a writer has opened it, but
  /// read(2) would say end-of-file there (fifo(7)).
  void report() { may_read_ = is_ready_ = true; }
  /// True when read() has a chance without another report.
  bool may_read() const { return may_read_ || has_more(); }
  /// True when read() has something that poll(2) does not know of.
  bool has_more() const { return decoder_ && decoder_->has_more(); }
  /// True when read() is likely to have something: after a report, until a read took all that was there.
  bool is_ready() const { return is_file_ || is_ready_ || has_more(); }
  /// The next bytes, with one read(2) at most. 0 is the end; nothing when there is nothing now. Throws
  /// SystemError "cannot read", DataError.
  std::optional<std::size_t> read(std::span<char> to, io::Meter& meter);
  /// Bytes read so far, as they are stored.
  std::uint64_t stored() const { return stored_; }

  /// After the end: from the beginning again. A FIFO waits for its next writer. Throws SystemError.
  void reopen();

 private:
  io::Fd open_again() const;
  std::optional<std::size_t> read_stored(std::span<char> to, io::Meter& meter);
  std::optional<std::size_t> read_first(std::span<char> to, io::Meter& meter);
  std::optional<std::size_t> inflate(std::span<char> to);

  std::string name_;
  io::Fd fd_;
  bool is_shared_;
  bool is_file_ = false;
  bool may_read_ = false;
  bool is_ready_ = false;
  bool has_identity_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::uint64_t stored_ = 0;
  /// The first byte of what may be gzip's magic bytes was read, no more.
  bool has_half_magic_ = false;
  const bool inflates_;
  bool is_sniffed_ = false;
  std::optional<codec::GzipDecoder> decoder_;
  std::unique_ptr<char[]> compressed_;
};

}  // namespace mrf::collect
