// SPDX-License-Identifier: MIT
#include "io/pause.h"

#include <fcntl.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace mrf::io {

namespace {

constexpr std::chrono::microseconds length{500};
constexpr std::chrono::duration<double, std::milli> memory{1};
constexpr std::uint64_t least_capacity = std::uint64_t{64} << 10;
constexpr std::uint64_t most_little = std::uint64_t{128} << 10;

}  // namespace

void Pause::add(FdRef pipe) noexcept {
  const int capacity = ::fcntl(pipe.get(), F_GETPIPE_SZ);
  if (capacity >= 0) capacity_ = std::min(capacity_, static_cast<std::uint64_t>(capacity));
}

// Bytes moved, of which those of the past count the less the longer ago they were moved.
double Pause::moved_lately(std::uint64_t moved) {
  const Clock::time_point now = Clock::now();
  const double age = (now - std::exchange(last_, now)) / memory;
  lately_ = lately_ * std::max(0.0, 1 - age) + static_cast<double>(moved);
  return lately_;
}

bool Pause::after(std::uint64_t bytes) {
  const std::uint64_t moved = bytes - std::exchange(bytes_, bytes);
  const bool is_slow = moved_lately(moved) < static_cast<double>(capacity_);
  if (capacity_ < least_capacity || moved == 0 || moved >= std::min(capacity_ / 4, most_little)) return false;
  if (is_slow) std::this_thread::sleep_for(length);
  return is_slow;
}

}  // namespace mrf::io
