// SPDX-License-Identifier: MIT
// The files and directories of a process in /proc (proc(5)). Reading them fails at any moment, since the
// process may end between open(2) and read(2) (ESRCH), and between two names of a directory (ENOENT).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mrf::process {

/// The text of a file, as far as it can be read; one of a process that is gone has none.
std::string proc_text(const std::string& path);

/// The paths of what is in a directory; nothing when it cannot be listed as a whole.
std::optional<std::vector<std::string>> proc_paths(const std::string& directory);

}  // namespace mrf::process
