// SPDX-License-Identifier: MIT
#include "fetch/hash_pump.h"

#include <algorithm>
#include <utility>

namespace mrf {

namespace {

constexpr std::size_t step_bytes = 256 << 10;

}  // namespace

HashPump::HashPump(const std::vector<HashRange>& ranges, ByteAccess& bytes, unsigned threads,
                   std::function<void()> moved)
    : bytes_(bytes), moved_(std::move(moved)) {
  tasks_.reserve(ranges.size());
  for (const auto& range : ranges) tasks_.push_back({range, range.begin, Digest(range.kind), "", false});
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

HashPump::~HashPump() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void HashPump::advance(std::uint64_t frontier) {
  {
    const std::lock_guard lock(mutex_);
    if (thrown_) std::rethrow_exception(thrown_);
    frontier_ = frontier;
  }
  changed_.notify_all();
  if (!threads_.empty()) return;
  std::vector<char> scratch(step_bytes);
  for (Task& task : tasks_) {
    while (const std::size_t bytes = ready(task, scratch.size())) step(task, bytes, scratch);
    close(task);
  }
}

std::uint64_t HashPump::low() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t low = std::numeric_limits<std::uint64_t>::max();
  for (const Task& task : tasks_) {
    if (!task.done) low = std::min(low, task.position);
  }
  return low;
}

std::vector<std::string> HashPump::finish(std::uint64_t total) {
  {
    const std::lock_guard lock(mutex_);
    for (Task& task : tasks_) task.range.end = std::min(task.range.end, total);
    over_ = true;
  }
  advance(total);
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  if (thrown_) std::rethrow_exception(thrown_);
  std::vector<std::string> results;
  for (Task& task : tasks_) {
    close(task);
    results.push_back(std::move(task.result));
  }
  return results;
}

void HashPump::work() {
  std::vector<char> scratch(step_bytes);
  try {
    while (Task* task = claim()) run(*task, scratch);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    thrown_ = std::current_exception();
    stop_ = true;
    changed_.notify_all();
  }
}

HashPump::Task* HashPump::claim() {
  const std::lock_guard lock(mutex_);
  return stop_ || next_ == tasks_.size() ? nullptr : &tasks_[next_++];
}

void HashPump::run(Task& task, std::span<char> scratch) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return stop_ || over_ || frontier_ > task.position || task.position >= task.range.end;
      });
      if (stop_) return;
    }
    const std::size_t bytes = ready(task, scratch.size());
    if (bytes == 0) break;
    step(task, bytes, scratch);
  }
  close(task);
}

// How many bytes of the task can be hashed now.
std::size_t HashPump::ready(Task& task, std::size_t most) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t end = std::min(frontier_, task.range.end);
  return end <= task.position ? 0
                              : static_cast<std::size_t>(std::min<std::uint64_t>(most, end - task.position));
}

void HashPump::step(Task& task, std::size_t bytes, std::span<char> scratch) {
  const auto view = bytes_.view(task.position, scratch.first(bytes));
  task.digest.update(view);
  {
    const std::lock_guard lock(mutex_);
    task.position += view.size();
  }
  moved_();
}

void HashPump::close(Task& task) {
  const std::lock_guard lock(mutex_);
  if (task.done || task.position < task.range.end) return;
  task.result = task.digest.finish();
  task.done = true;
}

}  // namespace mrf
