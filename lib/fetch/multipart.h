// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fetch/digest.h"
#include "fetch/expectation.h"

namespace mrf::fetch {

/// The part sizes in bytes with which an object of `total` bytes has `parts` parts, all but the last of
/// one size, as uploaders choose them; the likeliest first.
std::vector<std::uint64_t> part_size_candidates(std::uint64_t total, std::uint64_t parts);

/// No store takes more (Amazon S3 User Guide, "multipart upload limits").
inline constexpr std::uint64_t most_upload_parts = 10000;

/// Why no upload of `total` bytes (nothing when unknown) has `parts` parts of `part_size` bytes (0 when
/// unknown), "" when one may.
std::string part_count_fault(std::optional<std::uint64_t> total, std::uint64_t parts,
                             std::uint64_t part_size);

/// Where the parts end of an object of `total` bytes whose part sizes the store names, in order; empty when
/// it names none, or they do not fit.
std::vector<std::uint64_t> known_part_ends(const Expectation& expectation, std::uint64_t total);

/// Whether the `total` bytes hash to an expectation of kind multipart, of MD5, when they are uploaded in
/// parts of one of `sizes` bytes. Reads the bytes once, whatever the number of sizes. Throws SystemError,
/// Interrupted.
bool fits_part_size(ByteAccess& bytes, std::uint64_t total, const Expectation& expectation,
                    const std::vector<std::uint64_t>& sizes);

/// What is said when no part size fits; `s3_part_size` in bytes is the one that was named, or 0; `required`:
/// a checksum is.
std::string no_part_size_fits(const Expectation& expectation, std::uint64_t s3_part_size, bool required);

/// What may be the matter when no part size gives as many parts, from "; " on; `required`: a checksum is.
std::string uneven_parts_hint(const Expectation& expectation, bool required);

}  // namespace mrf::fetch
