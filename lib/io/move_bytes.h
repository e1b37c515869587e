// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "io/fd.h"

namespace mrf {

/// Bytes from one descriptor to another, inside the kernel where it can (splice(2), sendfile(2)).

/// From a file at `offset` to a pipe that does not block. Returns how many, empty when the pipe is full.
/// Throws SystemError (EPIPE when the pipe has no reader), Error when the file ends before `offset`.
std::optional<std::size_t> feed_pipe(FdRef file, const std::string& file_name, std::uint64_t offset,
                                     std::size_t most, FdRef pipe);

/// Takes bytes from pipes to files. A pipe is locked as long as splice(2) writes what was in it to a file,
/// and who fills it waits; so the bytes go into a pipe of the object first, which takes no copy.
class PipeDrain {
 public:
  /// Throws SystemError.
  PipeDrain();

  /// From a pipe that does not block to a file, pipe or terminal that does. Returns how many, 0 at the end of
  /// the pipe, empty when there is nothing in it now. Throws ClosedOutput, SystemError.
  std::optional<std::size_t> drain(FdRef pipe, FdRef to, const std::string& to_name);

 private:
  Pipe between_;
};

/// The whole of a file, from its start. Throws ClosedOutput, SystemError.
void copy_file(FdRef file, std::uint64_t size, FdRef to, const std::string& to_name);

}  // namespace mrf
