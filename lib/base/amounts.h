// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

namespace mrf::base {

/// "512 B", "1.4 MiB": three digits that count, powers of 1024.
std::string readable_bytes(double bytes);

/// "01:40", "2:00:00", "long" from 100 hours.
std::string readable_seconds(double seconds);

/// Of the terminal on standard error; 80 where that cannot be told.
std::size_t terminal_columns();

}  // namespace mrf::base
