// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace mrf {

/// Thrown into a thread that waits for its turn when an earlier turn failed.
struct TurnAbandoned {};

/// Lets numbered pieces of work, which run side by side, do one part of theirs one after the other:
/// 0, 1, 2…. Whatever that part reads and writes needs no lock of its own.
class Turns {
 public:
  /// Waits until all turns before `number` are over. Throws TurnAbandoned when one of them failed.
  void wait(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return abandoned_ || next_ == number; });
    if (abandoned_) throw TurnAbandoned();
  }
  void done() {
    const std::lock_guard lock(mutex_);
    ++next_;
    changed_.notify_all();
  }
  /// There will be no further turn.
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }

  /// Runs `part` as turn `number`.
  template <typename Part>
  void take(std::uint64_t number, Part part) {
    wait(number);
    try {
      part();
    } catch (...) {
      abandon();
      throw;
    }
    done();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ = 0;
  bool abandoned_ = false;
};

}  // namespace mrf
