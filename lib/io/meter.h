// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace mrf::io {

/// What went through one side of a program, and how long the program was blocked there.
struct Meter {
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds waited{0};
};

/// Adds the time from its construction to its destruction to a meter's `waited`.
class WaitTimer {
 public:
  explicit WaitTimer(Meter& meter) : meter_(meter), start_(std::chrono::steady_clock::now()) {}
  ~WaitTimer() { meter_.waited += std::chrono::steady_clock::now() - start_; }
  WaitTimer(const WaitTimer&) = delete;
  WaitTimer& operator=(const WaitTimer&) = delete;

 private:
  Meter& meter_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace mrf::io
