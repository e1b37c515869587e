// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/fd.h"

namespace mrf::io {

/// $TMPDIR, /tmp when it is empty or not set.
std::string temporary_directory();

/// A new file in temporary_directory() that has no name, for reading and writing: it is gone when it is
/// closed. Throws SystemError.
Fd open_scratch_file();
/// What messages call such a file: "temporary file in DIRECTORY".
std::string scratch_file_name();

}  // namespace mrf::io
