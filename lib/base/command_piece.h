// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace mrf::base {

/// An option or an argument of a command line, as its program takes it.
struct CommandPiece {
  std::string option;  ///< its longest name; "--" of the words from the first -- on; empty: an argument
  std::string value;   ///< of the option, or the argument; empty: there is none
  std::vector<std::string> words{};  ///< as they may be given again
};

/// The pieces of the words behind a program's name.
using CommandSplitter = std::function<std::vector<CommandPiece>(const std::vector<std::string>& words)>;

}  // namespace mrf::base
