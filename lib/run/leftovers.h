// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/fd.h"

namespace mrf::run {

/// How the names of a run's directories begin: that of the FIFOs, and those beside results. A dot and 16
/// hexadecimal digits follow.
inline constexpr std::string_view fifo_directory_prefix = "mrf-run";
inline constexpr std::string_view result_directory_prefix = ".mrf-run";

/// Tells others that a process lives to which a run's directory of FIFOs belongs: a file in it that is
/// locked (flock(2)) as long as an object lives that has set the mark, or holds it. It also names the run's
/// other directories, and when the machine was started. Where a file system has no such locks there is no
/// mark.
class LiveMark {
 public:
  void set(const std::string& directory, const std::vector<std::string>& others) noexcept;
  /// For another process of the run: the mark that was set in `directory` is that of this object, too.
  void hold(const std::string& directory) noexcept;
  /// From now on nobody takes `directory` for what a killed run has left.
  static void remove(const std::string& directory) noexcept;

 private:
  io::Fd file_;
};

/// Removes what runs of this user on this machine have left, all of whose processes were killed with KILL: in
/// `root` the directories whose mark nobody locks, and the other directories that the mark names. What is not
/// certain stays.
void remove_leftovers(const std::string& root) noexcept;

}  // namespace mrf::run
