// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>

namespace mrf::shard {

/// Calls `work` in this thread and, where more than one processor may be used, in others, at most four in
/// all and no more than `most`. Returns when all calls have returned. `work` does not throw.
void in_threads(std::size_t most, const std::function<void()>& work);

/// The turns of several threads at pieces of work with the numbers 0, 1, ... A turn that fails lets those
/// with lower numbers go on, so that the failure that is thrown is the one that a single thread finds.
class Turns {
 public:
  explicit Turns(std::size_t count) : count_(count) {}

  /// Calls `begin` with the next number while no other thread does, then `carry_out` with what it returned,
  /// until all numbers are taken or one has failed.
  template <class Begin, class CarryOut>
  void take(const Begin& begin, const CarryOut& carry_out) noexcept {
    for (;;) {
      std::size_t number = count_;
      try {
        std::unique_lock lock(mutex_);
        if (next_ >= count_ || failed_) return;
        number = next_++;
        auto piece = begin(number);
        lock.unlock();
        carry_out(piece);
      } catch (...) {
        fail(number, std::current_exception());
      }
    }
  }
  /// Whether a piece with a lower number has failed.
  bool is_void(std::size_t number);
  /// Throws what the piece with the lowest number of those that failed has thrown.
  void require_success();

 private:
  void fail(std::size_t number, std::exception_ptr reason) noexcept;

  const std::size_t count_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::optional<std::size_t> failed_;  ///< the lowest number of one that has failed
  std::exception_ptr reason_;
};

}  // namespace mrf::shard
