// SPDX-License-Identifier: MIT
#include "collect/spool.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "io/fd.h"

namespace {

struct Spooled {
  explicit Spooled(bool is_until_read = false) : until_read(is_until_read) {}
  const bool until_read;
  mrf::io::BlockPool pool{65536};
  mrf::collect::SpillFile spill{65536};
  mrf::io::Reactor reactor;
  mrf::io::Meter meter;
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  std::unique_ptr<mrf::collect::SpoolSink> sink = std::make_unique<mrf::collect::SpoolSink>(
      pipe.write_end, "pipe", meter, mrf::collect::SpoolSink::Memory{pool, spill, std::size_t{1} << 20},
      reactor, until_read);

  void write(std::string bytes) {
    iovec piece{bytes.data(), bytes.size()};
    sink->write({&piece, 1});
  }
};

std::string numbered(int from, int to) {
  std::string text;
  for (int number = from; number < to; ++number) text += std::to_string(number) + "\n";
  return text;
}

std::string read_all(mrf::io::FdRef fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n = 1; n > 0; text.append(buffer, n > 0 ? static_cast<std::size_t>(n) : 0))
    n = ::read(fd.get(), buffer, sizeof buffer);
  return text;
}

}  // namespace

TEST_CASE("with --until-read a reader that leaves bytes in the pipe is found out") {
  for (const std::size_t taken : {4, 5}) {
    Spooled spooled(true);
    spooled.write("last\n");
    std::thread reader([&] {
      char buffer[5];
      CHECK(::read(spooled.pipe.read_end.get(), buffer, taken) == static_cast<ssize_t>(taken));
      spooled.pipe.read_end.reset();
    });
    if (taken == 5)
      CHECK_NOTHROW(spooled.sink->finish());
    else
      CHECK_THROWS_WITH(spooled.sink->finish(), "cannot write 'pipe': Broken pipe");
    reader.join();
  }
}

TEST_CASE("what nobody reads is held, on disk beyond the limit, and comes out in order") {
  Spooled spooled;
  std::string whole;
  for (int at = 0; at < 40; ++at) {
    const std::string part = numbered(at * 20000, at * 20000 + 20000);
    spooled.write(part);
    whole += part;
  }
  CHECK(spooled.spill.stored() > 0);
  CHECK(spooled.pool.used() < (std::size_t{2} << 20));
  std::string read;
  std::thread reader([&] { read = read_all(spooled.pipe.read_end); });
  spooled.write("last\n");
  spooled.sink->finish();
  CHECK(spooled.meter.bytes == whole.size() + 5);
  spooled.pipe.write_end.reset();
  spooled.sink.reset();  // it has an open file of its own
  reader.join();
  CHECK((read == whole + "last\n"));
}

TEST_CASE("what is held is written while others are waited for") {
  Spooled spooled;
  const std::string whole = numbered(0, 100000);
  spooled.write(whole);
  std::string read(whole.size(), '\0');
  std::size_t size = 0;
  while (size < read.size()) {
    const ssize_t n = ::read(spooled.pipe.read_end.get(), read.data() + size, read.size() - size);
    REQUIRE(n > 0);
    size += static_cast<std::size_t>(n);
    if (spooled.meter.bytes < whole.size()) spooled.reactor.turn();
  }
  CHECK((read == whole));
}
