// SPDX-License-Identifier: MIT
#include "shard/in_threads.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/processors.h"

namespace mrf::shard {

namespace {

// Copying keeps few processors busy before the memory or the disk is.
constexpr std::size_t most_threads = 4;

}  // namespace

void in_threads(std::size_t most, const std::function<void()>& work) {
  const std::size_t wanted =
      std::min({most, most_threads, static_cast<std::size_t>(base::usable_processors())});
  std::vector<std::thread> others;
  others.reserve(wanted);
  try {
    while (others.size() + 1 < wanted) others.emplace_back(work);
  } catch (const std::system_error&) {
    // Those that are there do all of it.
  }
  work();
  for (auto& other : others) other.join();
}

bool Turns::is_void(std::size_t number) {
  const std::lock_guard lock(mutex_);
  return failed_ && *failed_ < number;
}

void Turns::require_success() {
  const std::lock_guard lock(mutex_);
  if (reason_) std::rethrow_exception(reason_);
}

void Turns::fail(std::size_t number, std::exception_ptr reason) noexcept {
  const std::lock_guard lock(mutex_);
  if (failed_ && *failed_ < number) return;
  failed_ = number;
  reason_ = std::move(reason);
}

}  // namespace mrf::shard
