// SPDX-License-Identifier: MIT
#include "chunk/sizer.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace {

// One that has seen 100 chunks of which a start takes `start_s` and a byte `byte_s`.
mrf::chunk::ChunkSizer experienced(double start_s, double byte_s) {
  mrf::chunk::ChunkSizer sizer;
  for (int chunk = 0; chunk < 100; ++chunk) {
    const std::size_t bytes = sizer.next();
    sizer.add(bytes, start_s + byte_s * static_cast<double>(bytes));
  }
  return sizer;
}

// What the chunks come to.
std::size_t settled(double start_s, double byte_s) { return experienced(start_s, byte_s).next(); }

}  // namespace

TEST_CASE("starting comes to cost less than a tenth, and not by far") {
  for (const double start_s : {0.001, 0.02, 0.2}) {
    const double byte_s = 1e-7;
    const double rest_s = byte_s * static_cast<double>(settled(start_s, byte_s));
    CAPTURE(start_s);
    CHECK(start_s / (start_s + rest_s) < 0.1);
    if (settled(start_s, byte_s) > mrf::chunk::ChunkSizer::smallest)
      CHECK(start_s / (start_s + rest_s) > 0.05);
  }
}

TEST_CASE("what a start costs is found from chunks of several sizes, and is nothing before") {
  CHECK(mrf::chunk::ChunkSizer().start_s() == 0);
  for (const double start_s : {0.001, 0.02, 0.2}) {
    CHECK(experienced(start_s, 1e-7).start_s() == doctest::Approx(start_s).epsilon(0.01));
  }
}

TEST_CASE("chunks keep within their bounds") {
  CHECK(settled(100, 1e-9) == mrf::chunk::ChunkSizer::largest);
  CHECK(settled(0, 1e-6) == mrf::chunk::ChunkSizer::smallest);
  CHECK(settled(0, 0) >= mrf::chunk::ChunkSizer::smallest);
}

TEST_CASE("where a start takes long the third chunk is large already") {
  mrf::chunk::ChunkSizer sizer;
  CHECK(sizer.next() == std::size_t{4} << 20);
  for (int chunk = 0; chunk < 2; ++chunk) {
    const std::size_t bytes = sizer.next();
    sizer.add(bytes, 0.02 + 8e-9 * static_cast<double>(bytes));
  }
  CHECK(static_cast<double>(sizer.next()) == doctest::Approx(40e6));
}
