// SPDX-License-Identifier: MIT
#include "io/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>
#include <utility>

#include "base/error.h"

TEST_CASE("an owner closes its descriptor, a moved-from one does not") {
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  const int raw = pipe.write_end.get();
  {
    mrf::io::Fd first(std::move(pipe.write_end));
    mrf::io::Fd second(std::move(first));
    CHECK_FALSE(first.is_open());
    CHECK(second.get() == raw);
  }
  char byte = 0;
  CHECK(::read(pipe.read_end.get(), &byte, 1) == 0);
}

TEST_CASE("descriptors are closed on exec from birth") {
  const mrf::io::Pipe pipe = mrf::io::make_pipe();
  CHECK((::fcntl(pipe.read_end.get(), F_GETFD) & FD_CLOEXEC) != 0);
  const mrf::io::Fd null = mrf::io::open_file("/dev/null", O_RDONLY);
  CHECK((::fcntl(null.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(mrf::io::duplicate(null).get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a failed close is reported") {
  mrf::io::Fd bad(mrf::io::adopt_fd, 1000000);
  CHECK(bad.close() == EBADF);
  CHECK(bad.close() == 0);
}

TEST_CASE("a failed open names the file and the reason") {
  CHECK_THROWS_WITH_AS(mrf::io::open_file("/nonexistent/x", O_RDONLY),
                       "cannot open '/nonexistent/x': No such file or directory", mrf::base::SystemError);
}

TEST_CASE("a descriptor that does not block is waited for") {
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  for (const mrf::io::Fd* end : {&pipe.read_end, &pipe.write_end})
    REQUIRE(::fcntl(end->get(), F_SETFL, O_NONBLOCK) == 0);
  const std::string all(std::size_t{1} << 20, 'x');
  std::promise<void> begun;
  std::string got(all.size(), '\0');
  std::thread reader([&] {
    mrf::io::Meter meter;
    begun.set_value();
    mrf::io::read_full(pipe.read_end, "pipe", got, meter);
  });
  begun.get_future().wait();
  mrf::io::Meter meter;
  CHECK_NOTHROW(mrf::io::write_all(pipe.write_end, "pipe", all, meter));
  pipe.write_end.reset();
  reader.join();
  CHECK(got == all);
}
