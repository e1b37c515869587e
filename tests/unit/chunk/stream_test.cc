// SPDX-License-Identifier: MIT
#include "chunk/stream.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace {

using mrf::chunk::ChunkStream;
using mrf::chunk::StreamMemory;

// Of a size that no block is a multiple of.
std::string numbered(std::size_t bytes) {
  std::string text;
  for (int number = 0; text.size() < bytes; ++number) text += std::to_string(number) + "\n";
  return text;
}

void append_in_parts(ChunkStream& stream, const std::string& text, unsigned seed) {
  std::mt19937 random(seed);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t part = std::min<std::size_t>(random() % 400000 + 1, text.size() - at);
    stream.append(std::string_view(text).substr(at, part));
    at += part;
  }
}

mrf::io::Pipe pipe_that_does_not_block() {
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  ::fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

std::string drain_pipe(const mrf::io::Pipe& pipe) {
  std::string text(std::size_t{1} << 20, '\0');
  const ssize_t n = ::read(pipe.read_end.get(), text.data(), text.size());
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

// All that there is to feed now.
std::string feed_all(ChunkStream& stream) {
  const mrf::io::Pipe pipe = pipe_that_does_not_block();
  std::string text;
  std::uint64_t bytes = 0;
  while (stream.feed(pipe.write_end, bytes) == ChunkStream::Fed::some) text += drain_pipe(pipe);
  CHECK(bytes == text.size());
  return text;
}

void tell_nobody() {}

}  // namespace

TEST_CASE("what has no room in memory waits on disk, and comes in order") {
  const auto memory = std::make_shared<StreamMemory>();
  const std::string text = numbered(StreamMemory::budget + 5000000);
  const std::string other_text = numbered(3000000);
  ChunkStream stream(memory, tell_nobody);
  ChunkStream other(memory, tell_nobody);
  append_in_parts(stream, text, 1);
  CHECK(memory->pool.used() <= StreamMemory::budget);
  CHECK(memory->pool.used() > StreamMemory::budget / 2);
  append_in_parts(other, other_text, 2);
  CHECK(memory->pool.used() <= StreamMemory::budget);
  CHECK((feed_all(stream) == text));
  append_in_parts(stream, other_text, 3);
  CHECK((feed_all(stream) == other_text));
  stream.finish({2, 1});
  other.finish({4, 3});
  CHECK((feed_all(other) == other_text));
  const mrf::io::Pipe pipe = pipe_that_does_not_block();
  std::uint64_t bytes = 0;
  CHECK((stream.feed(pipe.write_end, bytes) == ChunkStream::Fed::all));
  CHECK((other.feed(pipe.write_end, bytes) == ChunkStream::Fed::all));
  CHECK(memory->pool.used() == 0);
}

TEST_CASE("one thread appends while another one feeds, each as fast as it likes") {
  const auto memory = std::make_shared<StreamMemory>();
  const std::string text = numbered(20000000);
  for (const unsigned seed : {1U, 2U, 3U}) {
    std::atomic<bool> is_told{false};
    ChunkStream stream(memory, [&] { is_told = true; });
    std::thread appending([&] {
      append_in_parts(stream, text, seed);
      stream.finish({text.size(), 7});
    });
    const mrf::io::Pipe pipe = pipe_that_does_not_block();
    std::string fed;
    std::uint64_t bytes = 0;
    for (;;) {
      const ChunkStream::Fed what = stream.feed(pipe.write_end, bytes);
      fed += drain_pipe(pipe);
      if (what == ChunkStream::Fed::all) break;
      if (what == ChunkStream::Fed::some) continue;
      while (!is_told.exchange(false)) std::this_thread::yield();
    }
    appending.join();
    CHECK((fed == text));
    CHECK(stream.extent().value().records == 7);
    CHECK(stream.extent().value().bytes == text.size());
  }
  CHECK(memory->pool.used() == 0);
}

TEST_CASE("who was told to wait is told when there is something, the end or a cut") {
  int told = 0;
  ChunkStream stream(std::make_shared<StreamMemory>(), [&] { ++told; });
  CHECK(feed_all(stream).empty());
  stream.append("a");
  CHECK(told == 1);
  CHECK(feed_all(stream) == "a");
  stream.append("b");
  stream.append("c");
  CHECK(told == 2);
  stream.cut_off();
  CHECK(told == 3);
  CHECK(stream.is_cut_off());
  CHECK_FALSE(stream.extent());
}

TEST_CASE("a stream that nobody reads any more holds at most one block, whatever is appended") {
  const auto memory = std::make_shared<StreamMemory>();
  ChunkStream stream(memory, tell_nobody);
  append_in_parts(stream, numbered(4000000), 1);
  stream.discard();
  append_in_parts(stream, numbered(4000000), 2);
  CHECK(memory->pool.used() <= StreamMemory::block_bytes);
  stream.finish({1, 1});
  CHECK(stream.extent());
}

TEST_CASE("a pipe without a reader is EPIPE") {
  ChunkStream stream(std::make_shared<StreamMemory>(), tell_nobody);
  stream.append("text");
  mrf::io::Pipe pipe = pipe_that_does_not_block();
  pipe.read_end.reset();
  std::uint64_t bytes = 0;
  CHECK_THROWS_AS(stream.feed(pipe.write_end, bytes), mrf::base::SystemError);
}
