// SPDX-License-Identifier: MIT
#include "fetch/stoppable_pipe.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/error.h"
#include "unit/directory.h"

namespace {

using mrf::fetch::StoppablePipe;

// What `call` throws when another thread calls stop().
template <typename Call>
bool is_stopped(StoppablePipe& pipe, Call call) {
  std::thread stops([&] { pipe.stop(); });
  bool stopped = false;
  try {
    call();
  } catch (const mrf::fetch::Stopped&) {
    stopped = true;
  }
  stops.join();
  return stopped;
}

std::string read_up_to(int fd, std::size_t size) {
  std::string got(size, 0);
  const ssize_t n = ::read(fd, got.data(), size);
  got.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return got;
}

}  // namespace

TEST_CASE("pipe: what is waited for, and what is not") {
  const Directory directory;
  CHECK(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
  std::ofstream(directory / "file") << "x";
  CHECK(StoppablePipe::is_one(directory / "fifo"));
  CHECK(StoppablePipe::is_one("/dev/null"));
  CHECK_FALSE(StoppablePipe::is_one(directory / "file"));
  CHECK_FALSE(StoppablePipe::is_one(directory / "missing"));
  CHECK_FALSE(StoppablePipe::is_one(directory / ""));
}

TEST_CASE("pipe: the waits for a reader and for room end when they are stopped") {
  const Directory directory;
  const std::string path = directory / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  StoppablePipe waits(path);
  CHECK(is_stopped(waits, [&] { waits.open(); }));
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  StoppablePipe full(path);
  full.open();
  mrf::io::Meter meter;
  full.write("begin", meter);
  CHECK(is_stopped(full, [&] { full.write(std::string(4 << 20, 'x'), meter); }));
  CHECK(meter.bytes < 4 << 20);
  CHECK(read_up_to(reader, 5) == "begin");
  StoppablePipe left(path);
  left.open();
  ::close(reader);
  const auto sigpipe = ::signal(SIGPIPE, SIG_IGN);
  CHECK_THROWS_AS(left.write("x", meter), mrf::base::ClosedOutput);
  ::signal(SIGPIPE, sigpipe);
}

// A socket cannot be opened again (ENXIO), so that there is no O_NONBLOCK.
TEST_CASE("pipe: an open file that others have, too, is waited for as well and stays as it is") {
  int ends[2] = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  StoppablePipe pipe(fmt::format("/dev/fd/{}", ends[0]));
  pipe.open();
  mrf::io::Meter meter;
  const std::string text(10000, 'y');
  pipe.write(text, meter);
  CHECK(read_up_to(ends[1], 20000) == text);
  CHECK(is_stopped(pipe, [&] { pipe.write(std::string(64 << 20, 'x'), meter); }));
  CHECK((::fcntl(ends[0], F_GETFL) & O_NONBLOCK) == 0);
  ::close(ends[0]);
  ::close(ends[1]);
}
