// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/processors.h"

namespace mrf::codec {

/// Jobs that go through the same stages on several threads and leave in the order in which they came.
///
/// The pipeline alone knows the order of the jobs, what has failed and how much memory is in use; a stage is
/// a plain function over the job that it is given. A stage that is declared `in_order` gets the jobs one
/// after the other in their order, so that it may keep state of its own without a lock; the others run for
/// many jobs at a time. No stage ever waits for another: a job whose turn has not come lies there, and its
/// thread takes another job. So nothing that a stage throws, std::bad_alloc included, can leave a thread
/// waiting.
///
/// The first failure in the order of the jobs is the one that counts: the jobs before it are delivered, those
/// behind it go no further, and next(), submit() or finish() throw it.
///
/// The jobs live in a ring and are used again with their buffers. Without threads the caller does the work.
/// When the system refuses threads, those that were started do it.
template <typename Job>
class Pipeline {
 public:
  struct Stage {
    std::function<void(Job&)> run;
    bool in_order = false;
  };
  struct Options {
    /// The bytes that a job holds now. When all jobs together hold more than the budget, only the oldest one
    /// goes on, and next() waits: memory stays below the budget, one job, and what the stages add that are
    /// running.
    std::function<std::size_t(const Job&)> weigh{};
    std::size_t budget = std::numeric_limits<std::size_t>::max();
    /// Called once, on any thread, as soon as next() would throw: who waits for input has to be told. It must
    /// not throw or call the pipeline.
    std::function<void()> on_failure{};
  };

  /// The last of `stages` has to be in order.
  Pipeline(unsigned threads, std::vector<Stage> stages, Options options = {})
      : stages_(std::move(stages)),
        options_(std::move(options)),
        turns_(stages_.size(), 0),
        ring_(2 * base::usable_threads(threads) + 1) {
    start(base::usable_threads(threads));
  }
  ~Pipeline() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    for (auto& thread : threads_) thread.join();
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// How many jobs can be on their way.
  std::size_t size() const { return ring_.size(); }

  /// A job to fill, waiting until one is free. Throws what a job failed with.
  Job& next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] {
      const std::uint64_t under_way = submitted_ - delivered_;
      return failure_ || under_way == 0 || (under_way < ring_.size() && weight_ <= options_.budget);
    });
    if (failure_) std::rethrow_exception(failure_);
    return slot(submitted_).job;
  }

  /// Gives the job that next() returned to the threads. Without threads, throws what it failed with.
  void submit() {
    if (threads_.empty()) {
      for (const Stage& stage : stages_) stage.run(slot(submitted_).job);
      ++submitted_;
      ++delivered_;
      return;
    }
    const std::lock_guard lock(mutex_);
    Slot& mine = slot(submitted_);
    mine.stage = 0;
    mine.running = false;
    mine.failure = nullptr;
    weigh(mine);
    ++submitted_;
    changed_.notify_all();
  }

  /// Waits until everything is delivered. Throws what the first failing job failed with.
  void finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return failure_ || delivered_ == submitted_; });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct Slot {
    Job job;
    std::size_t stage = 0;
    bool running = false;
    std::exception_ptr failure;
    std::size_t weight = 0;
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

  void weigh(Slot& of) {
    if (!options_.weigh) return;
    weight_ -= of.weight;
    of.weight = options_.weigh(of.job);
    weight_ += of.weight;
  }

  bool can_run(std::uint64_t number) {
    const Slot& at = slot(number);
    if (at.running || at.failure || at.stage == stages_.size() || number >= first_failed_) return false;
    if (stages_[at.stage].in_order && turns_[at.stage] != number) return false;
    return number == delivered_ || weight_ <= options_.budget;
  }

  // The oldest job that a stage can be run of; `submitted_` when there is none.
  std::uint64_t find() {
    std::uint64_t number = delivered_;
    while (number < submitted_ && !can_run(number)) ++number;
    return number;
  }

  void run() {
    std::unique_lock lock(mutex_);
    std::uint64_t mine = 0;
    for (;;) {
      changed_.wait(lock, [&] { return stopping_ || (mine = find()) < submitted_; });
      if (stopping_) return;
      while (!stopping_ && mine >= delivered_ && can_run(mine)) run_stage(mine, lock);
    }
  }

  void run_stage(std::uint64_t number, std::unique_lock<std::mutex>& lock) {
    Slot& mine = slot(number);
    const std::size_t stage = mine.stage;
    mine.running = true;
    lock.unlock();
    std::exception_ptr failure;
    try {
      stages_[stage].run(mine.job);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    mine.running = false;
    weigh(mine);
    if (failure) {
      mine.failure = failure;
      first_failed_ = std::min(first_failed_, number);
    } else {
      ++mine.stage;
      if (stages_[stage].in_order) ++turns_[stage];
      if (mine.stage == stages_.size()) ++delivered_;
    }
    if (delivered_ == first_failed_ && !failure_) tell(slot(first_failed_).failure);
    changed_.notify_all();
  }

  void tell(std::exception_ptr failure) {
    failure_ = std::move(failure);
    if (options_.on_failure) options_.on_failure();
  }

  std::vector<Stage> stages_;
  Options options_;
  std::vector<std::uint64_t> turns_;  // by stage: the job that an in-order stage takes next
  std::vector<Slot> ring_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t submitted_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t first_failed_ = std::numeric_limits<std::uint64_t>::max();
  std::size_t weight_ = 0;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace mrf::codec
