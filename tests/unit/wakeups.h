// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>

#include <chrono>

/// How often this thread has waited so far.
inline long wakeups() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

/// Keeps a processor busy.
inline void work_for(std::chrono::microseconds time) {
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < time) {
  }
}
