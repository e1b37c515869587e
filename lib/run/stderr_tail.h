// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "io/pipe_lines.h"
#include "run/display_names.h"

namespace mrf::run {

/// A job's standard error: passed on to ours in whole lines, and its last lines kept for the report.
class StderrTail {
 public:
  /// `prefix` is put before every line that is passed on. `names`, which says how the lines of `job` are
  /// shown, outlives the object.
  StderrTail(io::Fd pipe, std::string prefix, const DisplayNames& names, std::size_t job);
  StderrTail(const StderrTail&) = delete;
  StderrTail& operator=(const StderrTail&) = delete;

  io::FdRef fd() const { return lines_.fd(); }
  /// PipeLines::pump() and finish().
  bool pump() { return lines_.pump(); }
  void finish() { lines_.finish(); }
  const std::deque<std::string>& last_lines() const { return last_lines_; }

 private:
  void pass_on(std::string line);

  std::string prefix_;
  const DisplayNames& names_;
  std::size_t job_;
  std::deque<std::string> last_lines_;
  io::PipeLines lines_;
};

}  // namespace mrf::run
