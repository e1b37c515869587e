// SPDX-License-Identifier: MIT
#pragma once

#include <sys/time.h>
#include <time.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace mrf::base {

inline double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}
inline double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// "512 B", "1.4 MiB": three digits that count, powers of 1024.
std::string readable_bytes(double bytes);

/// "999", "1.2k", "12k", "3.4M": at most four characters below 1e15, powers of 1000.
std::string readable_count(double count);

/// "01:40", "2:00:00", "long" from 100 hours.
std::string readable_seconds(double seconds);

/// A time since the epoch as "seconds.nanoseconds", with nine digits behind the point.
std::string time_text(const timespec& time);

/// The width of the terminal on standard error; 80 where it is not known.
std::size_t terminal_columns();

}  // namespace mrf::base
