// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace mrf::io {

/// Tells mrf-run how many records, and stored bytes, this process has read of its input so far, for
/// --progress: ten times a second at most, as decimal numbers in the file PREFIX.PID.live, where
/// stats_prefix_variable has the prefix; 0 bytes are not told. Does nothing outside of mrf-run. What cannot
/// be written is left out. For one thread of the process.
void tell_live_records(std::uint64_t records, std::uint64_t bytes = 0) noexcept;

struct LiveCount {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< 0: not told
};

/// What the file `path` says; 0 when it cannot be read.
LiveCount read_live_records(const std::string& path) noexcept;

/// The end of the name of such a file.
inline constexpr const char* live_records_ending = ".live";

}  // namespace mrf::io
