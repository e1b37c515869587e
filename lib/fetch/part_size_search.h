// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fetch/expectation.h"
#include "fetch/hash_pump.h"

namespace mrf::fetch {

/// Whether the `total` bytes hash to an expectation of kind multipart when they are uploaded in parts of one
/// of `sizes` bytes. Reads the bytes once, whatever the number of sizes. Throws SystemError, Interrupted.
bool fits_part_size(ByteAccess& bytes, std::uint64_t total, const Expectation& expectation,
                    const std::vector<std::uint64_t>& sizes);

/// What is said when no part size fits; `s3_part_size` in bytes is the one that was named, or 0.
std::string no_part_size_fits(const Expectation& expectation, std::uint64_t s3_part_size);

}  // namespace mrf::fetch
