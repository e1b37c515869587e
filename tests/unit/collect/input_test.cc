// SPDX-License-Identifier: MIT
#include "collect/input.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <string>

#include "io/fd.h"
#include "unit/directory.h"

namespace {

void write_once(const std::string& fifo, const std::string& text) {
  mrf::io::Meter meter;
  mrf::io::Fd writer = mrf::io::open_file(fifo, O_WRONLY | O_NONBLOCK);
  mrf::io::write_all(writer, fifo, text, meter);
}

// What the stream gives from now to the end; "waits" is added when poll(2) would wait for more.
std::string rest_of(mrf::collect::InputStream& stream) {
  std::string all;
  std::array<char, 100> bytes{};
  mrf::io::Meter meter;
  for (;;) {
    pollfd polled{stream.fd().get(), POLLIN, 0};
    if (::poll(&polled, 1, 0) == 0) return all + " waits";
    stream.report();
    const auto n = stream.read(bytes, meter);
    if (n && *n == 0) return all;
    if (n) all.append(bytes.data(), *n);
  }
}

}  // namespace

TEST_CASE("a FIFO's writers are told apart, also one that is gone before the FIFO is opened again") {
  const Directory directory;
  const std::string fifo = directory / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  mrf::collect::InputStream stream(fifo, true);
  CHECK(rest_of(stream) == " waits");
  write_once(fifo, "first");
  CHECK(rest_of(stream) == "first");
  stream.reopen();
  CHECK(rest_of(stream) == " waits");
  write_once(fifo, "second");
  CHECK(rest_of(stream) == "second");
  write_once(fifo, "third");
  stream.reopen();
  CHECK(rest_of(stream) == "third");
  stream.reopen();
  CHECK(rest_of(stream) == " waits");
}
