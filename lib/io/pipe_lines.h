// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "io/fd.h"

namespace mrf::io {

/// The lines that come out of a pipe which does not block, each whole and without its newline. A line of more
/// than 64 KiB comes in parts.
class PipeLines {
 public:
  using OnLine = std::function<void(std::string line)>;

  PipeLines(Fd pipe, OnLine on_line) : pipe_(std::move(pipe)), on_line_(std::move(on_line)) {}

  FdRef fd() const { return pipe_; }
  /// One read(2), which does not wait, and the lines that it completes. False at the end of the pipe.
  bool pump();
  /// What is there now, a last line without its newline too, and closes the pipe. Somebody else may hold it
  /// and write for ever: what comes later is not waited for.
  void finish();

 private:
  enum class Read { some, none, end };
  Read read_some();
  void take(std::string_view text);

  Fd pipe_;
  OnLine on_line_;
  std::string partial_;
};

}  // namespace mrf::io
