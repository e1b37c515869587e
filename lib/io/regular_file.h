// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/fd.h"

namespace mrf::io {

/// Throws Error "cannot open" that says what is there when something is that is no regular file.
void refuse_irregular(const std::string& path);

/// open_file() for a name that nothing but a regular file may have: a FIFO is not waited for. Throws as
/// refuse_irregular() and open_file() do.
Fd open_regular_file(const std::string& path, int flags, unsigned mode = 0666);

}  // namespace mrf::io
