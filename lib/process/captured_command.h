// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mrf::process {

/// A short command whose output is wanted.
struct CapturedCommand {
  std::vector<std::string> words;
  std::vector<std::string> environment{};  ///< as that of a LaunchSpec
  std::string input{};                     ///< for its standard input, at most 64 KiB
};

/// Runs it, in any thread, and returns what it writes to its standard output before it ends. It has this
/// process's standard error and group. `is_stopped` is asked ten times a second; true ends the command, with
/// TERM, two seconds later with KILL, and then nothing is returned. Throws Error "run" when it does not
/// succeed, or writes more than 64 KiB, and as require_start(); SystemError.
std::optional<std::string> output_of(const CapturedCommand& command, const std::function<bool()>& is_stopped);

}  // namespace mrf::process
