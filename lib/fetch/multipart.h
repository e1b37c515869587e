// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

namespace mrf {

/// The part sizes in bytes with which an object of `total` bytes has `parts` parts, all but the last of
/// one size, as uploaders choose them; the likeliest first.
std::vector<std::uint64_t> part_size_candidates(std::uint64_t total, std::uint64_t parts);

}  // namespace mrf
