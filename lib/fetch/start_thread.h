// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
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

}  // namespace mrf::fetch
