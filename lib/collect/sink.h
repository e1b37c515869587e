// SPDX-License-Identifier: MIT
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>

#include "io/fd.h"
#include "io/meter.h"

namespace mrf::collect {

/// Where the joined bytes go.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Takes all pieces, which may be changed meanwhile. Throws SystemError "cannot write", ClosedOutput when
  /// the reader of standard output is gone.
  virtual void write(std::span<iovec> pieces) = 0;
  /// Writes what is left to write. Throws as write() does.
  virtual void finish() = 0;
};

/// An open output, its display name, and what counts its bytes.
struct SinkFile {
  io::FdRef fd;
  std::string name;
  io::Meter& meter;
};

/// The bytes as they are.
std::unique_ptr<Sink> make_plain_sink(SinkFile file);
/// BGZF blocks of `level` 0 (stored) to 9, made by `threads` threads beside the caller, and the end-of-file
/// block.
std::unique_ptr<Sink> make_bgzf_sink(SinkFile file, int level, unsigned threads);

}  // namespace mrf::collect
