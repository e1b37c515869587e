// SPDX-License-Identifier: MIT
#include "flow/chunk_sizer.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace {

// What the chunks come to when a start takes `start_s` and a byte `byte_s`.
std::size_t settled(double start_s, double byte_s) {
  mrf::ChunkSizer sizer;
  for (int chunk = 0; chunk < 100; ++chunk) {
    const std::size_t bytes = sizer.next();
    sizer.add(bytes, start_s + byte_s * static_cast<double>(bytes));
  }
  return sizer.next();
}

}  // namespace

TEST_CASE("starting comes to cost less than a tenth, and not by far") {
  for (const double start_s : {0.001, 0.02, 0.2}) {
    const double byte_s = 1e-7;
    const double rest_s = byte_s * static_cast<double>(settled(start_s, byte_s));
    CAPTURE(start_s);
    CHECK(start_s / (start_s + rest_s) < 0.1);
    if (settled(start_s, byte_s) > mrf::ChunkSizer::smallest) CHECK(start_s / (start_s + rest_s) > 0.05);
  }
}

TEST_CASE("chunks keep within their bounds") {
  CHECK(settled(100, 1e-9) == mrf::ChunkSizer::largest);
  CHECK(settled(0, 1e-6) == mrf::ChunkSizer::smallest);
  CHECK(settled(0, 0) >= mrf::ChunkSizer::smallest);
}
