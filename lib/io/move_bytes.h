// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/fd.h"

namespace mrf::io {

/// Bytes from one descriptor to another, inside the kernel where it can (splice(2), sendfile(2)).

/// Waits until poll(2) has one of `events`, or an error, to say of `fd`. Standard input and output may not
/// block, since they are another process's too, which has made them so: they are waited for then.
void wait_until_ready(FdRef fd, short events) noexcept;

/// From a file at `offset` to a pipe. Returns how many, 0 when the file ends before `offset`, -1 with errno
/// as splice(2) sets it, EAGAIN when the pipe does not block and is full.
ssize_t splice_file(FdRef file, std::uint64_t offset, std::size_t most, FdRef pipe);

/// splice_file() to a pipe that does not block. Returns how many, empty when the pipe is full.
/// Throws SystemError (EPIPE when the pipe has no reader), Error when the file ends before `offset`.
std::optional<std::size_t> feed_pipe(FdRef file, const std::string& file_name, std::uint64_t offset,
                                     std::size_t most, FdRef pipe);

/// One write(2) to a pipe that does not block. Returns how many, empty when the pipe is full. Throws
/// SystemError (EPIPE when the pipe has no reader).
std::optional<std::size_t> feed_pipe(std::string_view bytes, FdRef pipe);

/// Takes bytes from pipes to files. A pipe is locked as long as splice(2) writes what was in it to a file,
/// and who fills it waits; so the bytes go into a pipe of the object first, which takes no copy.
class PipeDrain {
 public:
  /// With `keeps_last` the last byte that was taken stays here until more comes, or take_last() asks for it.
  /// Throws SystemError.
  explicit PipeDrain(bool keeps_last = false);

  /// From a pipe that does not block to a file, pipe or terminal that does. Returns how many were taken, 0 at
  /// the end of the pipe, empty when there is nothing in it now. Throws ClosedOutput, SystemError.
  std::optional<std::size_t> drain(FdRef pipe, FdRef to, const std::string& to_name);
  /// drain() in two steps: fill() may be followed by flush() only, unless it returned 0 or nothing. At most
  /// `most` bytes, from 1 on, are taken.
  std::optional<std::size_t> fill(FdRef pipe, std::size_t most = most_pipe_bytes);
  void flush(FdRef to, const std::string& to_name);
  /// The byte that is kept, if there is one, which then is not any more. Throws SystemError.
  std::optional<char> take_last();

 private:
  Pipe between_;
  const bool keeps_last_;
  bool has_last_ = false;
  std::size_t filled_ = 0;
};

/// `size` bytes of a file, from `offset` on. Throws ClosedOutput, SystemError, and Error when
/// the file is shorter.
void copy_file(FdRef file, std::uint64_t size, FdRef to, const std::string& to_name,
               std::uint64_t offset = 0);

}  // namespace mrf::io
