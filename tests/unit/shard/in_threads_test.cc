// SPDX-License-Identifier: MIT
#include "shard/in_threads.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace mrf::shard;

namespace {

std::string failure_of(Turns& turns) {
  try {
    turns.require_success();
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("each piece has one turn, and the turns begin in order") {
  constexpr std::size_t pieces = 1000;
  Turns turns(pieces);
  std::vector<std::size_t> begun;
  std::atomic<std::size_t> sum = 0;
  in_threads(pieces, [&] {
    turns.take(
        [&](std::size_t number) {
          begun.push_back(number);
          return number;
        },
        [&](std::size_t number) { sum += number; });
  });
  CHECK(failure_of(turns).empty());
  REQUIRE(begun.size() == pieces);
  for (std::size_t at = 0; at < pieces; ++at) CHECK(begun[at] == at);
  CHECK(sum == pieces * (pieces - 1) / 2);
}

TEST_CASE("the failure that counts is that of the lowest number, also when it comes last") {
  Turns turns(10);
  std::atomic<std::size_t> most = 0;
  const auto work = [&] {
    turns.take(
        [&](std::size_t number) {
          most = number;
          return number;
        },
        [&](std::size_t number) {
          while (number == 0 && !turns.is_void(2)) std::this_thread::yield();
          CHECK(!turns.is_void(number));
          throw std::runtime_error(std::to_string(number));
        });
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(most == 1);
  CHECK(failure_of(turns) == "0");
}

TEST_CASE("a piece whose turn cannot begin is one that has failed") {
  Turns turns(10);
  turns.take([](std::size_t number) -> std::size_t { throw std::runtime_error(std::to_string(number)); },
             [](std::size_t) {});
  CHECK(failure_of(turns) == "0");
}
