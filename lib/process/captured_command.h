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
  std::string name{};                      ///< in messages; "" is the first word
};

/// Runs it, in any thread, and returns what it writes to its standard output before it ends. It has this
/// process's standard error, and a group of its own, so that it cannot read from the terminal. `is_stopped`
/// is asked ten times a second; true ends the command and its group, with TERM, and with KILL when the
/// command has ended or two seconds later, and then nothing is returned. A signal that ends the program kills
/// the group (io::KilledGroup). What a command leaves behind that ends by itself stays. Throws Error "run"
/// when it does not succeed, wants the terminal, or writes more than 64 KiB, and as require_start();
/// SystemError.
std::optional<std::string> output_of(const CapturedCommand& command, const std::function<bool()>& is_stopped);

}  // namespace mrf::process
