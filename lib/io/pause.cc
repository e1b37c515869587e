// SPDX-License-Identifier: MIT
#include "io/pause.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace mrf::io {

namespace {

constexpr std::chrono::microseconds length{500};
constexpr int least_capacity = 64 << 10;

}  // namespace

void Pause::add(FdRef pipe) noexcept {
  const int capacity = ::fcntl(pipe.get(), F_GETPIPE_SZ);
  if (capacity < 0) return;
  const std::uint64_t little = capacity < least_capacity ? 0 : static_cast<std::uint64_t>(capacity) / 4;
  little_ = std::min(little_, little);
}

void Pause::after(std::uint64_t bytes) {
  const std::uint64_t moved = bytes - std::exchange(bytes_, bytes);
  if (moved > 0 && moved < little_) std::this_thread::sleep_for(length);
}

}  // namespace mrf::io
