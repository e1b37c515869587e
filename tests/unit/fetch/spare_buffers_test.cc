// SPDX-License-Identifier: MIT
#include "fetch/spare_buffers.h"

#include <doctest/doctest.h>

TEST_CASE("the memory of a buffer is used again, and what has none takes no place") {
  mrf::fetch::SpareBuffers spare;
  std::string buffer = spare.take(1000);
  CHECK(buffer.capacity() >= 1000);
  buffer = "x";
  for (int i = 0; i < 100; ++i) spare.give_back(std::string());
  spare.give_back(std::move(buffer));
  spare.give_back(std::string());
  const std::string again = spare.take(0);
  CHECK(again.empty());
  CHECK(again.capacity() >= 1000);
  CHECK(spare.take(0).capacity() < 1000);
}
