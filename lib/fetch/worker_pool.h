// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace mrf::fetch {

/// Adds a thread that runs `work`. False when the system has none to give (pthread_create(3): EAGAIN) or
/// there is no memory for it; the caller goes on with fewer.
template <typename Work>
bool start_thread(std::vector<std::thread>& threads, Work&& work) noexcept {
  try {
    threads.emplace_back(std::forward<Work>(work));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

/// Threads for what may block: writing, opening, verifying, fsync(2). They start when they are needed.
class WorkerPool {
 public:
  using Work = std::function<void()>;
  using Done = std::function<void(std::exception_ptr thrown)>;
  /// Work that lasts, such as another program, has all threads but one, so that other work goes on beside it.
  enum class Kind { passing, lasting };

  /// At most so many threads; with 0, or when the system has none to give, the thread that posts does the
  /// work. `wake` is called in any thread when run_done() has something to do.
  WorkerPool(unsigned most, std::function<void()> wake) : wake_(std::move(wake)), most_(most) {}
  /// Waits for the work that runs. Work that has not begun is dropped.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Has `work` done; `done` is called by run_done() with what it threw, or null.
  void post(Work work, Done done, Kind kind = Kind::passing);
  /// Calls `done` of each work that has ended. In the thread that posts, and not from within `done`.
  void run_done();
  /// Whether there is work that run_done() has not reported yet. In the thread that posts.
  bool is_busy() const { return busy_ > 0; }
  /// Whether run_done() has something to do.
  bool has_done();
  /// Returns when it has.
  void wait_for_done();
  /// Threads that there may be.
  unsigned most();

 private:
  struct Job {
    Work work;
    Done done;
    Kind kind;
    std::exception_ptr thrown{};
  };

  bool may_begin_lasting() const;
  Job take_next();
  void serve();
  static void run(Job& job) noexcept;

  std::function<void()> wake_;
  std::size_t busy_ = 0;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::condition_variable ended_;
  unsigned most_;
  unsigned idle_ = 0;
  bool stop_ = false;
  unsigned lasting_ = 0;  ///< jobs under way
  std::deque<Job> jobs_;
  std::deque<Job> lasting_jobs_;
  std::deque<Job> done_;
  std::vector<std::thread> threads_;
};

}  // namespace mrf::fetch
