// SPDX-License-Identifier: MIT
#include "io/pause.h"

#include <fcntl.h>

#include <chrono>
#include <thread>
#include <utility>

namespace mrf::io {

namespace {

constexpr std::chrono::microseconds length{500};
constexpr std::uint64_t little = 16 << 10;
constexpr int least_capacity = 64 << 10;

}  // namespace

void Pause::add(FdRef pipe) noexcept {
  const int capacity = ::fcntl(pipe.get(), F_GETPIPE_SZ);
  if (capacity >= 0 && capacity < least_capacity) may_pause_ = false;
}

void Pause::after(std::uint64_t bytes) {
  const std::uint64_t moved = bytes - std::exchange(bytes_, bytes);
  if (may_pause_ && moved > 0 && moved < little) std::this_thread::sleep_for(length);
}

}  // namespace mrf::io
