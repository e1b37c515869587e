// SPDX-License-Identifier: MIT
#include "io/reactor.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

#include "io/temporaries.h"

using namespace std::chrono_literals;
using mrf::io::Reactor;

TEST_CASE("a descriptor is told when it is ready, and again until it is read") {
  Reactor reactor;
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  int calls = 0;
  reactor.watch(pipe.read_end, EPOLLIN, [&](std::uint32_t events) {
    CHECK((events & EPOLLIN) != 0);
    ++calls;
  });
  CHECK_FALSE(reactor.turn(0ms));
  REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
  CHECK(reactor.turn(0ms));
  CHECK(reactor.turn(0ms));
  CHECK(calls == 2);
  char byte = 0;
  REQUIRE(::read(pipe.read_end.get(), &byte, 1) == 1);
  CHECK_FALSE(reactor.turn(0ms));
}

TEST_CASE("events can be changed, and none are left but the other end's close") {
  Reactor reactor;
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  std::uint32_t seen = 0;
  reactor.watch(pipe.write_end, EPOLLOUT, [&](std::uint32_t events) { seen |= events; });
  CHECK(reactor.turn(0ms));
  CHECK(seen == EPOLLOUT);
  reactor.change(pipe.write_end, 0);
  CHECK_FALSE(reactor.turn(0ms));
  pipe.read_end.reset();
  CHECK(reactor.turn(0ms));
  CHECK((seen & EPOLLERR) != 0);
}

TEST_CASE("a callback may forget its own descriptor and those that are ready beside it") {
  Reactor reactor;
  std::vector<mrf::io::Pipe> pipes;
  int calls = 0;
  for (int at = 0; at < 3; ++at) {
    pipes.push_back(mrf::io::make_pipe());
    REQUIRE(::write(pipes.back().write_end.get(), "x", 1) == 1);
  }
  for (const mrf::io::Pipe& pipe : pipes) {
    reactor.watch(pipe.read_end, EPOLLIN, [&](std::uint32_t) {
      ++calls;
      for (const mrf::io::Pipe& other : pipes) reactor.forget(other.read_end);
    });
  }
  CHECK(reactor.turn(0ms));
  CHECK(calls == 1);
  CHECK_FALSE(reactor.turn(0ms));
}

TEST_CASE("a number that is in use again gets no event of its predecessor") {
  Reactor reactor;
  std::vector<mrf::io::Pipe> pipes;
  int late = 0;
  for (int at = 0; at < 2; ++at) {
    pipes.push_back(mrf::io::make_pipe());
    REQUIRE(::write(pipes.back().write_end.get(), "x", 1) == 1);
  }
  bool replaced = false;
  const auto replace_other = [&](std::size_t own) {
    return [&, own](std::uint32_t) {
      if (replaced) return;
      replaced = true;
      mrf::io::Pipe& other = pipes[1 - own];
      reactor.forget(other.read_end);
      other = mrf::io::make_pipe();
      reactor.watch(other.read_end, EPOLLIN, [&](std::uint32_t) { ++late; });
    };
  };
  for (std::size_t at = 0; at < 2; ++at) reactor.watch(pipes[at].read_end, EPOLLIN, replace_other(at));
  CHECK(reactor.turn(0ms));
  CHECK(late == 0);
}

TEST_CASE("a regular file is ready in every turn") {
  Reactor reactor;
  const mrf::io::Fd file = mrf::io::open_scratch_file();
  int calls = 0;
  reactor.watch(file, EPOLLIN, [&](std::uint32_t) { ++calls; });
  CHECK(reactor.turn());
  CHECK(reactor.turn());
  reactor.change(file, 0);
  CHECK_FALSE(reactor.turn(0ms));
  CHECK(calls == 2);
}

TEST_CASE("timers come in their order, once, and not after they were cancelled") {
  Reactor reactor;
  const auto now = Reactor::Clock::now();
  std::vector<int> order;
  reactor.at(now - 1ms, [&] { order.push_back(2); });
  reactor.at(now - 2ms, [&] { order.push_back(1); });
  const auto third = reactor.at(now - 1ms, [&] { order.push_back(3); });
  reactor.cancel(third);
  reactor.at(now + 1h, [&] { order.push_back(4); });
  CHECK(reactor.turn());
  CHECK(order == std::vector<int>{1, 2});
  CHECK_FALSE(reactor.turn(0ms));
}

TEST_CASE("a timer ends a wait without an end") {
  Reactor reactor;
  bool is_over = false;
  reactor.at(Reactor::Clock::now() + 1ms, [&] { is_over = true; });
  while (!is_over) reactor.turn();
  CHECK(is_over);
}

TEST_CASE("what a callback throws leaves the turn, and the reactor goes on") {
  Reactor reactor;
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
  int calls = 0;
  reactor.watch(pipe.read_end, EPOLLIN, [&](std::uint32_t) {
    if (++calls == 1) throw std::runtime_error("once");
  });
  CHECK_THROWS_AS(reactor.turn(0ms), std::runtime_error);
  CHECK(reactor.turn(0ms));
  CHECK(calls == 2);
}
