// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "io/fd.h"
#include "run/display_names.h"

namespace mrf {

/// A job's standard error: passed on to ours in whole lines, and its last lines kept for the report.
class StderrTail {
 public:
  /// `prefix` is put before every line that is passed on. `names`, which says how the lines of `job` are
  /// shown, outlives the object.
  StderrTail(Fd pipe, std::string prefix, const DisplayNames& names, std::size_t job);

  FdRef fd() const { return pipe_; }
  /// One read(2), which does not wait. False at the end of the pipe.
  bool pump();
  /// Passes on what is there, a line that lacks its newline too, and closes the pipe.
  void finish();
  const std::deque<std::string>& last_lines() const { return last_lines_; }

 private:
  void take(std::string_view text);
  void pass_on(std::string line);

  Fd pipe_;
  std::string prefix_;
  const DisplayNames& names_;
  std::size_t job_;
  std::string partial_;
  std::deque<std::string> last_lines_;
};

}  // namespace mrf
