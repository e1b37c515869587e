// SPDX-License-Identifier: MIT
#pragma once

#include <sys/time.h>

#include <chrono>

namespace mrf::base {

inline double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

inline double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace mrf::base
