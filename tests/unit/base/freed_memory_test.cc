// SPDX-License-Identifier: MIT
#include "base/freed_memory.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#ifdef __GLIBC__

namespace {

long page_faults() {
  rusage usage{};
  REQUIRE(::getrusage(RUSAGE_SELF, &usage) == 0);
  return usage.ru_minflt;
}

// The page faults of filling a new buffer.
long faults_of_buffer(std::size_t size) {
  const long before = page_faults();
  const auto buffer = std::make_unique_for_overwrite<char[]>(size);
  std::memset(buffer.get(), 1, size);
  CHECK(buffer[size / 2] == 1);
  return page_faults() - before;
}

}  // namespace

TEST_CASE("a buffer of megabytes is used again") {
  if (std::getenv("MRF_SANITIZED") != nullptr) return;  // the sanitizers have a malloc(3) of their own
  mrf::base::keep_freed_memory();
  constexpr std::size_t size = std::size_t{6} << 20;
  faults_of_buffer(size);
  CHECK(faults_of_buffer(size) < 100);
}

#endif
