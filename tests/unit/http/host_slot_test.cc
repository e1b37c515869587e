// SPDX-License-Identifier: MIT
#include "http/host_slot.h"

#include <doctest/doctest.h>

#include <vector>

TEST_CASE("a host has as many requests under way as it may, whoever has them") {
  std::vector<mrf::http::HostSlot> slots;
  for (int i = 0; i < 3; ++i) {
    auto slot = mrf::http::HostSlot::take("http://h:80", 3);
    REQUIRE(slot);
    slots.push_back(std::move(*slot));
  }
  CHECK_FALSE(mrf::http::HostSlot::take("http://h:80", 3));
  CHECK(mrf::http::HostSlot::take("http://h:81", 3));
  CHECK(mrf::http::HostSlot::take("http://h:81", 1));
  slots.pop_back();
  CHECK(mrf::http::HostSlot::take("http://h:80", 3));
  CHECK(mrf::http::HostSlot::take("http://h:80", 3));
}
