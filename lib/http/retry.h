// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "http/response_head.h"

namespace mrf::http {

/// Time, as the fetch room sees it; unit tests have one of their own that does not wait.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::steady_clock::time_point now() = 0;
  /// Seconds since 1970, for Retry-After dates.
  virtual std::chrono::seconds wall_time() = 0;
  virtual void wait(std::chrono::milliseconds time) = 0;
};

/// The system's time. wait() ends early by a signal (sleep_unless_interrupted()).
Clock& system_clock();

/// How long a server asks to wait: Retry-After in seconds or as a date (RFC 9110, 10.2.3). Nothing when there
/// is no such field, when it makes no sense, and when the time is zero or over, as by a clock that is wrong.
std::optional<std::chrono::seconds> retry_after(const ResponseHead& head, std::chrono::seconds wall_time);

/// Whether an HTTP status is worth asking again: 408, 429, 5xx.
bool is_transient(int status);

/// When a failed transfer is tried again. Waits grow from 250 ms twofold up to 8 s, each shortened by a
/// random share of up to one half; a server's Retry-After is obeyed up to five minutes.
class RetryPolicy {
 public:
  /// Allows `retries` in a row; `random` gives numbers in [0, 1).
  RetryPolicy(unsigned retries, std::function<double()> random);

  /// A failure, with `reached` bytes of the data known good. The time to wait before the next attempt,
  /// or nothing to give up. An attempt that brought a megabyte more than all before starts the count anew.
  std::optional<std::chrono::milliseconds> after_failure(std::uint64_t reached,
                                                         std::optional<std::chrono::seconds> asked);
  unsigned failures() const { return failures_; }

  static constexpr std::chrono::milliseconds first_wait{250};
  static constexpr std::chrono::milliseconds longest_wait{8000};
  static constexpr std::chrono::seconds longest_asked{300};
  static constexpr std::uint64_t progress = 1 << 20;

 private:
  unsigned retries_;
  std::function<double()> random_;
  unsigned failures_ = 0;
  std::uint64_t reached_ = 0;
};

}  // namespace mrf::http
