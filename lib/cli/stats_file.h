// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "stream/stats.h"

namespace mrf {

/// Writes one JSON object to `path` if it is not empty ("-" is standard output), and to the file that
/// stats_prefix_variable asks for. Throws Error when `path` cannot be written.
void write_stats(const std::string& tool, const std::string& path, const Stats& stats);

}  // namespace mrf
