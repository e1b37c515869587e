// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mrf::io {

/// A finished file and the name that it is to have.
struct Renaming {
  std::string from;
  std::string to;    ///< in the same filesystem; a file of that name is replaced
  std::string name;  ///< of `to`, for messages
};

/// rename(2) for all of them or for none: when one fails, those before it are taken back and the files that
/// they replaced have their names again. Of several, a file that is replaced changes places with the new one
/// (renameat2(2), RENAME_EXCHANGE), so that no name is missing at any moment. The directories are on disk
/// afterwards. INT, TERM and HUP wait meanwhile. Throws SystemError "cannot write".
void rename_together(const std::vector<Renaming>& files);

/// fsync(2) of the directory that `path` is in, which makes a new name in it last. A directory that may not
/// be read or cannot be synced is no error. Throws SystemError "cannot write" with `name`.
void sync_directory_of(const std::string& path, const std::string& name);

}  // namespace mrf::io
