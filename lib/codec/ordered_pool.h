// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/usable_threads.h"

namespace mrf {

/// Threads that work on jobs side by side and hand them on in the order in which they were given. The jobs
/// live in a ring and are used again with their buffers, so memory is bounded and nothing is allocated in
/// the long run. With no threads the caller does the work. When the system refuses threads, those that were
/// started do.
template <typename Job>
class OrderedPool {
 public:
  using Step = std::function<void(Job&)>;

  /// `work` runs on any thread; a job begins only after all earlier ones have begun. `deliver` runs on any
  /// thread, one call at a time, in order.
  OrderedPool(unsigned threads, Step work, Step deliver)
      : work_(std::move(work)), deliver_(std::move(deliver)), ring_(2 * usable_threads(threads) + 1) {
    start(usable_threads(threads));
  }
  ~OrderedPool() { stop(); }
  OrderedPool(const OrderedPool&) = delete;
  OrderedPool& operator=(const OrderedPool&) = delete;

  /// How many jobs can be on their way.
  std::size_t size() const { return ring_.size(); }

  /// A job to fill, waiting until one is free. Throws what a job failed with.
  Job& next() {
    std::unique_lock lock(mutex_);
    delivered_one_.wait(lock, [this] { return failure_ || submitted_ - delivered_ < ring_.size(); });
    if (failure_) std::rethrow_exception(failure_);
    return slot(submitted_).job;
  }

  /// Gives the job that next() returned to the threads. Without threads, throws what it failed with.
  void submit() {
    if (threads_.empty()) {
      Job& job = slot(submitted_).job;
      work_(job);
      deliver_(job);
      ++submitted_;
      ++delivered_;
      return;
    }
    const std::lock_guard lock(mutex_);
    slot(submitted_++).state = State::waiting;
    work_there_.notify_one();
  }

  /// Waits until everything is delivered. Throws what the first failing job failed with.
  void finish() {
    std::unique_lock lock(mutex_);
    delivered_one_.wait(lock, [this] { return failure_ || delivered_ == submitted_; });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  enum class State { waiting, done };
  struct Slot {
    Job job;
    State state = State::waiting;
    std::exception_ptr failure;
  };

  void start(unsigned threads) {
    threads_.reserve(threads);
    try {
      while (threads_.size() < threads) threads_.emplace_back([this] { run(); });
    } catch (const std::exception&) {
      return;
    }
  }

  Slot& slot(std::uint64_t number) { return ring_[number % ring_.size()]; }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_there_.wait(lock, [this] { return stopping_ || begun_ < submitted_; });
      if (stopping_) return;
      Slot& mine = slot(begun_++);
      lock.unlock();
      try {
        work_(mine.job);
      } catch (...) {
        mine.failure = std::current_exception();
      }
      lock.lock();
      mine.state = State::done;
      deliver_what_is_ready(lock);
    }
  }

  // One thread at a time delivers; a job that is done meanwhile is seen when it comes back for the lock.
  void deliver_what_is_ready(std::unique_lock<std::mutex>& lock) {
    if (delivering_) return;
    delivering_ = true;
    while (!failure_ && delivered_ < begun_ && slot(delivered_).state == State::done) {
      Slot& ready = slot(delivered_);
      if (!ready.failure) {
        lock.unlock();
        try {
          deliver_(ready.job);
        } catch (...) {
          ready.failure = std::current_exception();
        }
        lock.lock();
      }
      if (ready.failure) {
        failure_ = ready.failure;
      } else {
        ++delivered_;
      }
      delivered_one_.notify_all();
    }
    delivering_ = false;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      work_there_.notify_all();
    }
    for (auto& thread : threads_) thread.join();
  }

  Step work_;
  Step deliver_;
  std::vector<Slot> ring_;
  std::mutex mutex_;
  std::condition_variable work_there_;
  std::condition_variable delivered_one_;
  std::uint64_t submitted_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t delivered_ = 0;
  bool delivering_ = false;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace mrf
