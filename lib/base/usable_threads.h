// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <thread>

namespace mrf::base {

/// How many of `wanted` threads are worth starting: at most four for each processor, or 64 when that is more.
inline unsigned usable_threads(unsigned wanted) {
  constexpr unsigned always = 64;
  constexpr unsigned each = 4;
  return std::min(wanted, std::max(always, each * std::thread::hardware_concurrency()));
}

}  // namespace mrf::base
