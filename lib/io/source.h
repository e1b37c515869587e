// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/fd.h"

namespace mrf::io {

/// An open input: its bytes as they are stored, its display name, and whether it is a regular file.
struct InputFile {
  Fd fd;
  std::string name;
  /// Size in bytes of a regular file that is read from its start, else -1.
  long long size = -1;
  /// Whether it is a regular file, whoever wrote it being through.
  bool is_regular = false;
};

/// Whether `path` leads to a pipe without a name, as that of a process substitution: who closes it cannot
/// open it again.
bool is_anonymous_pipe(const std::string& path);

/// Opens `path` ("-" is standard input) for reading, once. Throws SystemError "cannot open"; a
/// directory is refused here (EISDIR).
InputFile open_input(const std::string& path);
/// The same without waiting for the writer of a FIFO: poll(2) tells when there is something to read.
InputFile open_input_at_once(const std::string& path);

}  // namespace mrf::io
