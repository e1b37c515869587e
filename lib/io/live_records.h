// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace mrf::io {

/// Tells mrf-run how many records this process has read so far, for --progress: ten times a second at most,
/// as a decimal number in the file PREFIX.PID.live, where stats_prefix_variable has the prefix. Does nothing
/// outside of mrf-run. What cannot be written is left out. For one thread of the process.
void tell_live_records(std::uint64_t records) noexcept;

/// What the file `path` says; 0 when it cannot be read.
std::uint64_t read_live_records(const std::string& path) noexcept;

/// The end of the name of such a file.
inline constexpr const char* live_records_ending = ".live";

}  // namespace mrf::io
