// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "io/fd.h"

namespace mrf {

/// What a filter writes to standard error: passed on in whole lines, each behind the name of its chunk, so
/// that those of filters that run side by side stay apart.
class StderrLines {
 public:
  /// `fd` does not block.
  StderrLines(Fd fd, std::string label) : fd_(std::move(fd)), label_(std::move(label)) {}

  FdRef fd() const { return fd_; }
  /// Passes on the lines that one read(2) completes. False at the end, when all was passed on.
  bool pass();
  /// What is there now, a last line without its newline too.
  void pass_rest();

 private:
  enum class Read { some, none, end };
  Read read_some();
  void put_lines();
  void put(std::string_view line) const;

  Fd fd_;
  std::string label_;
  std::string held_;
};

}  // namespace mrf
