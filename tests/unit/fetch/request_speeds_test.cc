// SPDX-License-Identifier: MIT
#include "fetch/request_speeds.h"

#include <doctest/doctest.h>

namespace {

using mrf::fetch::RequestSpeeds;

constexpr std::uint64_t megabyte = 1'000'000;

// Slots 0 to 2 bring `usual` bytes a second, slot 3 brings `odd`.
struct Transfers {
  explicit Transfers(std::uint64_t odd_speed) : odd(odd_speed) {
    for (std::size_t slot = 0; slot < 4; ++slot) speeds.on_start(slot, now);
  }
  void second() {
    for (std::size_t slot = 0; slot < 3; ++slot) speeds.on_bytes(slot, megabyte);
    speeds.on_bytes(3, odd);
    now += std::chrono::seconds(1);
    speeds.on_time(now);
  }
  std::uint64_t odd;
  RequestSpeeds speeds;
  RequestSpeeds::Time now{};
};

}  // namespace

TEST_CASE(
    "speeds: a request is slow after two windows in which it brings under a quarter of what others bring") {
  for (const std::uint64_t odd : {0, 100'000, 240'000}) {
    Transfers transfers(odd);
    transfers.second();
    CHECK(transfers.speeds.of(3) == odd);
    CHECK(transfers.speeds.of_others(3) == megabyte);
    CHECK_FALSE(transfers.speeds.is_slow(3, 8 * megabyte));
    transfers.second();
    CHECK(transfers.speeds.is_slow(3, 8 * megabyte));
    for (std::size_t slot = 0; slot < 3; ++slot) CHECK_FALSE(transfers.speeds.is_slow(slot, 8 * megabyte));
  }
  Transfers near(260'000);
  for (int i = 0; i < 9; ++i) near.second();
  CHECK_FALSE(near.speeds.is_slow(3, 8 * megabyte));
}

TEST_CASE("speeds: what is over soon is left alone") {
  Transfers transfers(200'000);
  for (int i = 0; i < 3; ++i) transfers.second();
  CHECK(transfers.speeds.is_slow(3, megabyte));
  CHECK_FALSE(transfers.speeds.is_slow(3, megabyte / 4));
}

TEST_CASE("speeds: what takes long for everybody gets twice the time, each time") {
  Transfers transfers(0);
  for (const int windows : {2, 4, 8, 16, 32, 64, 64}) {
    for (int i = 0; i < windows; ++i) {
      CHECK_FALSE(transfers.speeds.is_slow(3, megabyte));
      transfers.second();
    }
    CHECK(transfers.speeds.is_slow(3, megabyte));
    transfers.speeds.on_replaced(3);
  }
  transfers.odd = megabyte;
  transfers.second();
  transfers.odd = 0;
  transfers.second();
  transfers.second();
  CHECK(transfers.speeds.is_slow(3, megabyte));
}

TEST_CASE("speeds: a window in which the receiver rests says nothing, nor does the time between requests") {
  Transfers transfers(0);
  for (int i = 0; i < 9; ++i) {
    transfers.speeds.on_rest(3);
    transfers.second();
  }
  CHECK_FALSE(transfers.speeds.of(3));
  CHECK_FALSE(transfers.speeds.is_slow(3, megabyte));
  RequestSpeeds speeds;
  RequestSpeeds::Time now{};
  for (int i = 0; i < 4; ++i) {  // half a second of work, then ten seconds of nothing
    speeds.on_start(0, now);
    speeds.on_bytes(0, 50);
    now += std::chrono::milliseconds(500);
    speeds.on_time(now);
    speeds.on_end(0);
    now += std::chrono::seconds(10);
    speeds.on_time(now);
  }
  CHECK(speeds.of(0) == 100);
}

TEST_CASE("speeds: who has ended within a window is measured all the same, and nobody alone is slow") {
  RequestSpeeds speeds;
  RequestSpeeds::Time now{};
  speeds.on_start(0, now);
  speeds.on_start(1, now);
  speeds.on_bytes(0, 1000);
  now += std::chrono::milliseconds(100);
  speeds.on_time(now);
  speeds.on_end(0);
  CHECK(speeds.of(0) == doctest::Approx(10000));
  for (int i = 0; i < 3; ++i) speeds.on_time(now += std::chrono::seconds(1));
  CHECK(speeds.is_slow(1, 1000));
  RequestSpeeds alone;
  alone.on_start(0, now);
  for (int i = 0; i < 9; ++i) alone.on_time(now += std::chrono::seconds(1));
  CHECK_FALSE(alone.is_slow(0, 1000));
}

TEST_CASE("speeds: the slowness of an object is not held against the next one") {
  Transfers transfers(0);
  transfers.second();
  transfers.second();
  CHECK(transfers.speeds.is_slow(3, megabyte));
  transfers.second();
  transfers.now += std::chrono::milliseconds(500);
  transfers.speeds.on_time(transfers.now);
  transfers.speeds.on_end(3);
  transfers.speeds.on_start_of_other(3, transfers.now);
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(transfers.speeds.is_slow(3, megabyte));
    transfers.second();
  }
  CHECK_FALSE(transfers.speeds.is_slow(3, megabyte));  // the first window began with the other object
  transfers.second();
  CHECK(transfers.speeds.is_slow(3, megabyte));
}
