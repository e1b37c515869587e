// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace mrf::io {

/// The environment variable that names the file in which a job of mrf-run, and the filter of a chunk, leaves
/// its return value.
inline constexpr const char* result_variable = "MRF_RESULT";

/// Bytes that a return value has at most.
inline constexpr std::size_t most_result_bytes = std::size_t{64} << 10;

/// What is in the file `path`, where `owner` could leave its return value; empty when there is no such file,
/// or nothing in it. Throws Error for what is no regular file, a link too, and for one that is too long.
std::optional<std::string> read_return_value(const std::string& path, const std::string& owner);

}  // namespace mrf::io
