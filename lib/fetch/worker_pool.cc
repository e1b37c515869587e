// SPDX-License-Identifier: MIT
#include "fetch/worker_pool.h"

#include <algorithm>

namespace mrf::fetch {

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  posted_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void WorkerPool::run(Job& job) noexcept {
  try {
    job.work();
  } catch (...) {
    job.thrown = std::current_exception();
  }
  job.work = nullptr;
}

void WorkerPool::post(Work work, Done done, Kind kind) {
  Job job{std::move(work), std::move(done), kind};
  ++busy_;
  {
    const std::lock_guard lock(mutex_);
    const bool is_wanted = idle_ <= jobs_.size() + lasting_jobs_.size() && threads_.size() < most_;
    if (is_wanted && !start_thread(threads_, [this] { serve(); }))
      most_ = static_cast<unsigned>(threads_.size());
    if (most_ > 0) {
      (kind == Kind::lasting ? lasting_jobs_ : jobs_).push_back(std::move(job));
      posted_.notify_one();
      return;
    }
  }
  run(job);
  const std::lock_guard lock(mutex_);
  done_.push_back(std::move(job));
}

void WorkerPool::run_done() {
  std::deque<Job> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  busy_ -= done.size();
  for (Job& job : done) job.done(job.thrown);
}

bool WorkerPool::has_done() {
  const std::lock_guard lock(mutex_);
  return !done_.empty();
}

void WorkerPool::wait_for_done() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return !done_.empty(); });
}

unsigned WorkerPool::most() {
  const std::lock_guard lock(mutex_);
  return most_;
}

bool WorkerPool::may_begin_lasting() const {
  return !lasting_jobs_.empty() && lasting_ < std::max(most_, 2U) - 1;
}

// There is one that may begin.
WorkerPool::Job WorkerPool::take_next() {
  auto& jobs = jobs_.empty() ? lasting_jobs_ : jobs_;
  Job job = std::move(jobs.front());
  jobs.pop_front();
  if (job.kind == Kind::lasting) ++lasting_;
  return job;
}

void WorkerPool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    posted_.wait(lock, [this] { return stop_ || !jobs_.empty() || may_begin_lasting(); });
    --idle_;
    if (stop_) return;
    Job job = take_next();
    lock.unlock();
    run(job);
    lock.lock();
    if (job.kind == Kind::lasting) {
      --lasting_;
      if (may_begin_lasting()) posted_.notify_one();
    }
    done_.push_back(std::move(job));
    ended_.notify_one();
    if (done_.size() == 1) wake_();
  }
}

}  // namespace mrf::fetch
