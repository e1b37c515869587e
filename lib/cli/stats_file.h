// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "stream/stats.h"

namespace mrf {

/// The environment variable by which mrf-run asks every tool below it for its statistics: a path prefix to
/// which the tool adds its process id and ".json".
inline constexpr const char* stats_prefix_variable = "MRF_STATS_PREFIX";

/// Writes one JSON object to `path` if it is not empty ("-" is standard output), and to the file that
/// stats_prefix_variable asks for. Throws Error when `path` cannot be written.
void write_stats(const std::string& tool, const std::string& path, const Stats& stats);

}  // namespace mrf
