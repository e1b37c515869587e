// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf::io {

/// Whether both paths name one regular file (stat(2): st_dev, st_ino), or would once it is made, symbolic
/// links followed. "-" names none.
bool is_same_file(const std::string& a, const std::string& b);

}  // namespace mrf::io
