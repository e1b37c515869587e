// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mrf::fetch {

/// The part sizes in bytes with which an object of `total` bytes has `parts` parts, all but the last of
/// one size, as uploaders choose them; the likeliest first.
std::vector<std::uint64_t> part_size_candidates(std::uint64_t total, std::uint64_t parts);

/// Why no upload of `total` bytes (nothing when unknown) has `parts` parts of `part_size` bytes (0 when
/// unknown),
/// "" when one may. No store takes more than 10,000 parts (Amazon S3 User Guide, "multipart upload limits").
std::string part_count_fault(std::optional<std::uint64_t> total, std::uint64_t parts,
                             std::uint64_t part_size);

}  // namespace mrf::fetch
