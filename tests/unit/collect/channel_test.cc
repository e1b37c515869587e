// SPDX-License-Identifier: MIT
#include "collect/channel.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <string>

#include "io/io.h"
#include "unit/directory.h"

namespace {

void write_once(const std::string& fifo, const std::string& text) {
  mrf::io::Meter meter;
  mrf::io::Fd writer = mrf::io::open_file(fifo, O_WRONLY | O_NONBLOCK);
  mrf::io::write_all(writer, fifo, text, meter);
}

// What the channel gives from now to the end; "waits" is added when poll(2) would wait for more.
std::string rest_of(mrf::collect::Channel& channel) {
  std::string all;
  std::array<char, 100> bytes{};
  mrf::io::Meter meter;
  for (;;) {
    pollfd polled{channel.fd().get(), POLLIN, 0};
    if (::poll(&polled, 1, 0) == 0) return all + " waits";
    channel.report();
    const auto n = channel.read(bytes, meter);
    if (n && *n == 0) return all;
    if (n) all.append(bytes.data(), *n);
  }
}

}  // namespace

TEST_CASE("a FIFO's writers are told apart, also one that is gone before the FIFO is opened again") {
  const Directory directory;
  const std::string fifo = directory / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  mrf::collect::Channel channel(fifo, true);
  CHECK(rest_of(channel) == " waits");
  write_once(fifo, "first");
  CHECK(rest_of(channel) == "first");
  channel.reopen();
  CHECK(rest_of(channel) == " waits");
  write_once(fifo, "second");
  CHECK(rest_of(channel) == "second");
  write_once(fifo, "third");
  channel.reopen();
  CHECK(rest_of(channel) == "third");
  channel.reopen();
  CHECK(rest_of(channel) == " waits");
}
