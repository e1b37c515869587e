// SPDX-License-Identifier: MIT
#include "io/ring_memory.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string_view>

TEST_CASE("a ring's views never wrap") {
  const mrf::io::RingMemory ring(5000);
  CHECK(ring.size() == 8192);
  std::memcpy(ring.at(8190), "abcd", 4);
  CHECK(std::string_view(ring.at(8190), 4) == "abcd");
  CHECK(std::string_view(ring.at(8192), 2) == "cd");
  CHECK(ring.at(0) == ring.at(3 * 8192));
}
