// SPDX-License-Identifier: MIT
#include "io/reader.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <string>
#include <thread>

#include "base/error.h"
#include "io/fd.h"
#include "random_text.h"

namespace {

std::string gzip(const std::string& plain) {
  z_stream stream{};
  REQUIRE(::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string stored(::deflateBound(&stream, plain.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(stored.data());
  stream.avail_out = static_cast<uInt>(stored.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  stored.resize(stream.total_out);
  ::deflateEnd(&stream);
  return stored;
}

mrf::io::InputFile in_memory(const std::string& bytes) {
  mrf::io::Fd fd(mrf::io::adopt_fd, ::memfd_create("test", MFD_CLOEXEC));
  mrf::io::Meter meter;
  mrf::io::write_all(fd, "memory", bytes, meter);
  REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
  return {std::move(fd), "memory", static_cast<long long>(bytes.size())};
}

// Runs `use` on a reader over a pipe that another thread fills.
template <typename Use>
void through_pipe(const std::string& bytes, Use use) {
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  std::thread writer([&] {
    mrf::io::Meter meter;
    try {
      mrf::io::write_all(pipe.write_end, "pipe", bytes, meter);
    } catch (const mrf::base::ClosedOutput&) {
    }
    pipe.write_end.reset();
  });
  mrf::io::Meter meter;
  try {
    mrf::io::Reader reader({std::move(pipe.read_end), "pipe", -1}, meter, {.capacity = 4096});
    use(reader);
  } catch (...) {
    writer.join();
    throw;
  }
  writer.join();
}

std::string drain(mrf::io::Reader& reader, std::size_t step) {
  std::string all;
  for (;;) {
    mrf::io::fill_to(reader, step);
    const auto view = reader.view();
    if (view.empty()) return all;
    const auto n = std::min(step, view.size());
    all.append(view.substr(0, n));
    reader.consume(n);
  }
}

}  // namespace

TEST_CASE("a reader gives the same bytes of a file, a pipe and gzip members") {
  const std::string text = random_text(300000, 7);
  const std::string members = gzip(text.substr(0, 100)) + gzip("") + gzip(text.substr(100));
  for (const std::size_t step : {1000, 4096, 70000}) {
    CAPTURE(step);
    mrf::io::Meter meter;
    mrf::io::Reader plain(in_memory(text), meter);
    CHECK(drain(plain, step) == text);
    CHECK(plain.is_plain_file());
    mrf::io::Reader inflated(in_memory(members), meter);
    CHECK(drain(inflated, step) == text);
    through_pipe(text, [&](mrf::io::Reader& reader) { CHECK(drain(reader, step) == text); });
    through_pipe(members, [&](mrf::io::Reader& reader) { CHECK(drain(reader, step) == text); });
  }
}

TEST_CASE("inputs of no byte and of one byte") {
  mrf::io::Meter meter;
  for (const char* text : {"", "x", "\x1f"}) {
    mrf::io::Reader reader(in_memory(text), meter);
    CHECK(drain(reader, 10) == text);
    through_pipe(text, [&](mrf::io::Reader& piped) { CHECK(drain(piped, 10) == text); });
  }
}

TEST_CASE("a file that becomes shorter is an error") {
  const std::string text = random_text(3000000, 7);
  for (const long long left : {0, 100, 8192, 2999990, 2999999}) {
    CAPTURE(left);
    mrf::io::InputFile file = in_memory(text);
    mrf::io::Meter meter;
    const int fd = file.fd.get();
    mrf::io::Reader reader(std::move(file), meter);
    REQUIRE(reader.more());
    REQUIRE(::ftruncate(fd, left) == 0);
    CHECK_THROWS_WITH_AS(drain(reader, 1000), "cannot read 'memory': the file became shorter",
                         mrf::base::Error);
  }
  mrf::io::Meter meter;
  mrf::io::Reader next(in_memory(text), meter);
  CHECK(drain(next, 1000) == text);
}

TEST_CASE("a gzip stream that is cut anywhere is bad data") {
  const std::string whole = gzip(random_text(5000, 7));
  for (std::size_t cut = 2; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    CHECK_THROWS_AS(through_pipe(whole.substr(0, cut), [&](mrf::io::Reader& reader) { drain(reader, 1000); }),
                    mrf::base::DataError);
  }
}

TEST_CASE("a wrong checksum and garbage behind the last member are bad data, zero padding is not") {
  const std::string text = random_text(5000, 7);
  const std::string whole = gzip(text);
  std::string wrong = whole;
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);
  mrf::io::Meter meter;
  mrf::io::Reader bad(in_memory(wrong), meter);
  CHECK_THROWS_AS(drain(bad, 1000), mrf::base::DataError);
  mrf::io::Reader garbage(in_memory(whole + "garbage"), meter);
  CHECK_THROWS_AS(drain(garbage, 1000), mrf::base::DataError);
  mrf::io::Reader padded(in_memory(whole + std::string(512, '\0')), meter);
  CHECK(drain(padded, 1000) == text);
}
