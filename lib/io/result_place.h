// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf::io {

/// One text for all spellings of a name in a directory (x, ./x, ../here/x). The directory need not exist; the
/// name itself is not followed: see follow_link().
std::string place_of(const std::string& path);

/// The place that writing to `path` changes: that of the file which a symbolic link leads to. Throws
/// SystemError.
std::string place_written(const std::string& path);

}  // namespace mrf::io
