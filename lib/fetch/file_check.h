// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "fetch/expectation.h"

namespace mrf::fetch {

/// Why the file at `path` is not what `expectation` says, "" when it is. `s3_part_size` in bytes, 0 to be
/// found out. Reads the file in the calling thread, once, or twice when it has
/// to try part sizes. Throws SystemError, Interrupted.
std::string fault_of_file(const std::string& path, const Expectation& expectation,
                          std::uint64_t s3_part_size);

}  // namespace mrf::fetch
