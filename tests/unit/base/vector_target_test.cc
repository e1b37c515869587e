// SPDX-License-Identifier: MIT
#include "base/vector_target.h"

#include <doctest/doctest.h>

namespace mrf::base {

namespace {
int baseline() { return 0; }
int sse4() { return 1; }
int avx2() { return 2; }
int avx3() { return 3; }
}  // namespace

TEST_CASE("the best version of a function that a processor runs") {
  CHECK(best_version(VectorTarget::baseline, &baseline, &sse4, &avx2, &avx3)() == 0);
  CHECK(best_version(VectorTarget::sse4, &baseline, &sse4, &avx2, &avx3)() == 1);
  CHECK(best_version(VectorTarget::avx2, &baseline, &sse4, &avx2, &avx3)() == 2);
  CHECK(best_version(VectorTarget::avx3, &baseline, &sse4, &avx2, &avx3)() == 3);
}

TEST_CASE("a version that was not compiled is passed over") {
  CHECK(best_version(VectorTarget::avx3, &baseline, &sse4, &avx2, nullptr)() == 2);
  CHECK(best_version(VectorTarget::avx3, &baseline, &sse4, nullptr, nullptr)() == 1);
  CHECK(best_version(VectorTarget::avx3, &baseline, nullptr, nullptr, nullptr)() == 0);
  CHECK(best_version(VectorTarget::sse4, &baseline, nullptr, &avx2, &avx3)() == 0);
}

#if defined(__x86_64__)
TEST_CASE("the processor is looked at") {
  CHECK((processor_target() >= VectorTarget::avx2) <= (__builtin_cpu_supports("avx2") != 0));
  CHECK((processor_target() == VectorTarget::avx3) <= (__builtin_cpu_supports("avx512f") != 0));
}
#endif

}  // namespace mrf::base
