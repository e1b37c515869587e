// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mrf {

/// A finished file and the name that it is to have.
struct Renaming {
  std::string from;
  std::string to;    ///< in the same filesystem; a file of that name is replaced
  std::string name;  ///< of `to`, for messages
};

/// rename(2) for all of them or for none: when one fails, those before it are taken back and the files that
/// they replaced have their names again. INT, TERM and HUP wait meanwhile. Throws SystemError "cannot write".
void rename_together(const std::vector<Renaming>& files);

}  // namespace mrf
