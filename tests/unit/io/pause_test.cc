// SPDX-License-Identifier: MIT
#include "io/pause.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <chrono>
#include <cstdint>

#include "io/fd.h"

namespace {

using Clock = std::chrono::steady_clock;

bool pauses(mrf::io::Pause& pause, std::uint64_t bytes) {
  const auto begin = Clock::now();
  pause.after(bytes);
  return Clock::now() - begin >= std::chrono::microseconds(500);
}

}  // namespace

TEST_CASE("a turn that moved little is followed by a pause") {
  mrf::io::Pause pause;
  const mrf::io::Pipe pipe = mrf::io::make_pipe();
  pause.add(pipe.read_end);
  CHECK(pauses(pause, 100));
  CHECK(pauses(pause, 200));
}

TEST_CASE("with a pipe of less than 64 KiB there is no pause") {
  mrf::io::Pause pause;
  const mrf::io::Pipe pipe = mrf::io::make_pipe();
  REQUIRE(::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, 4096) == 4096);
  pause.add(pipe.read_end);
  // A busy machine may take the time of a pause once, hardly a hundred times.
  int paused = 0;
  for (std::uint64_t turn = 1; turn <= 100; ++turn) paused += pauses(pause, turn) ? 1 : 0;
  CHECK(paused < 100);
}

TEST_CASE("less than a quarter of the smallest pipe is little") {
  mrf::io::Pause pause;
  CHECK(pauses(pause, (128 << 10) - 1));
  mrf::io::Pause small;
  const mrf::io::Pipe pipe = mrf::io::make_pipe();
  REQUIRE(::fcntl(pipe.write_end.get(), F_GETPIPE_SZ) == 65536);
  small.add(pipe.read_end);
  CHECK(pauses(small, 16383));
  int paused = 0;
  for (std::uint64_t turn = 1; turn <= 100; ++turn) paused += pauses(small, turn * 16384 + 16383) ? 1 : 0;
  CHECK(paused < 100);
}

TEST_CASE("where much was moved a moment ago there is no pause") {
  int paused = 0;
  for (int round = 0; round < 100; ++round) {
    mrf::io::Pause pause;
    pause.after(std::uint64_t{4} << 20);
    paused += pauses(pause, (std::uint64_t{4} << 20) + 100) ? 1 : 0;
  }
  CHECK(paused < 100);
}

TEST_CASE("turns that moved nothing, or much, have no pause") {
  mrf::io::Pause pause;
  pause.after(std::uint64_t{1} << 20);
  int paused = 0;
  for (std::uint64_t turn = 1; turn <= 100; ++turn) {
    paused += pauses(pause, turn << 20) ? 1 : 0;
    paused += pauses(pause, turn << 20) ? 1 : 0;
  }
  CHECK(paused < 200);
}
