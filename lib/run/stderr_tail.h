// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "io/fd.h"

namespace mrf {

/// A job's standard error: passed on to ours in whole lines, and its last lines kept for the report.
class StderrTail {
 public:
  /// `prefix` is put before every line that is passed on.
  StderrTail(Fd pipe, std::string prefix);

  bool is_open() const { return pipe_.is_open(); }
  FdRef fd() const { return pipe_; }
  /// Reads what is there without waiting; closes the pipe at its end.
  void pump();
  /// The job is gone: passes on what is there, with a line that lacks its newline, and closes.
  void finish();
  const std::deque<std::string>& last_lines() const { return last_lines_; }

 private:
  void take(std::string_view text);
  void pass_on(std::string line);

  Fd pipe_;
  std::string prefix_;
  std::string partial_;
  std::deque<std::string> last_lines_;
};

}  // namespace mrf
