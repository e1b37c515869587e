// SPDX-License-Identifier: MIT
#include "chunk/source.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "chunk/sizer.h"
#include "directory.h"

namespace {

// All chunks, as they come.
std::vector<mrf::chunk::Chunk> take_all(mrf::chunk::ChunkSource& source) {
  std::vector<mrf::chunk::Chunk> chunks;
  while (!source.is_over()) {
    (void)source.take_header();
    if (auto chunk = source.next()) {
      chunks.push_back(std::move(*chunk));
      continue;
    }
    pollfd news{source.events().get(), POLLIN, 0};
    if (!source.is_over()) ::poll(&news, 1, 100);
    source.clear_events();
  }
  return chunks;
}

// All bytes of a stream, by way of a pipe.
std::string drain(mrf::chunk::ChunkStream& stream) {
  const mrf::io::Pipe pipe = mrf::io::make_pipe();
  ::fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK);
  std::string text;
  std::uint64_t bytes = 0;
  while (stream.feed(pipe.write_end, bytes) != mrf::chunk::ChunkStream::Fed::all && !stream.is_cut_off()) {
    std::string part(std::size_t{1} << 20, '\0');
    pollfd polled{pipe.read_end.get(), POLLIN, 0};
    if (::poll(&polled, 1, 0) <= 0) continue;
    const ssize_t n = ::read(pipe.read_end.get(), part.data(), part.size());
    REQUIRE(n > 0);
    text.append(part, 0, static_cast<std::size_t>(n));
  }
  return text;
}

// What a filter reads of a chunk.
std::string text_of(const mrf::chunk::Chunk& chunk) {
  std::string text;
  for (const auto& piece : chunk.pieces) {
    std::string part(piece.size, '\0');
    if (piece.text) {
      part = piece.text->substr(piece.offset, piece.size);
    } else {
      CHECK(::pread(piece.file->get(), part.data(), part.size(), static_cast<off_t>(piece.offset)) ==
            static_cast<ssize_t>(piece.size));
    }
    text += part;
  }
  if (chunk.stream) text += drain(*chunk.stream);
  return text;
}

std::string lines(int count) {
  std::string text;
  for (int line = 0; line < count; ++line) text += "123456789\n";
  return text;
}

mrf::chunk::ChunkCommand command(const std::string& input, std::uint64_t records = 0) {
  mrf::chunk::ChunkCommand one;
  one.input = input;
  one.records = records;
  return one;
}

}  // namespace

TEST_CASE("a chunk ends with the first record that makes it as large as its place says") {
  const Directory directory;
  std::ofstream(directory / "in") << lines(1000000);
  mrf::chunk::ChunkSource source(command(directory / "in"));
  std::uint64_t before = 0;
  std::uint64_t records = 0;
  for (const auto& chunk : take_all(source)) {
    CHECK(chunk.first_record == records);
    const std::uint64_t wanted = mrf::chunk::chunk_size_after(before);
    before += chunk.bytes;
    records += chunk.records;
    if (before < 10000000) CHECK(chunk.bytes == (wanted + 9) / 10 * 10);
  }
  CHECK(before == 10000000);
  CHECK(records == 1000000);
  CHECK(source.read().records == 1000000);
}

TEST_CASE("the size of a chunk keeps within its bounds") {
  const std::uint64_t mib = std::uint64_t{1} << 20;
  CHECK(mrf::chunk::chunk_size_after(0) == mib);
  CHECK(mrf::chunk::chunk_size_after(mib / 16) == mib);
  CHECK(mrf::chunk::chunk_size_after(mib) == 2 * mib);
  CHECK(mrf::chunk::chunk_size_after(64 * mib) == 16 * mib);
  CHECK(mrf::chunk::chunk_size_after(256 * mib) == 32 * mib);
  CHECK(mrf::chunk::chunk_size_after(512 * mib) < 48 * mib);
  CHECK(mrf::chunk::chunk_size_after(1024 * mib) == 64 * mib);
  CHECK(mrf::chunk::chunk_size_after(4096 * mib) == 64 * mib);
  CHECK(mrf::chunk::chunk_size_after(std::uint64_t{1} << 63) == 64 * mib);
}

TEST_CASE("the larger the input, the larger are its chunks and the smaller is the share of each") {
  struct Input {
    std::uint64_t mib;
    std::uint64_t chunks;
    double largest_share;
  };
  for (const Input& input : {Input{70, 10, 1.0 / 4}, Input{700, 29, 1.0 / 13}, Input{6144, 114, 1.0 / 96}}) {
    CAPTURE(input.mib);
    const std::uint64_t all = input.mib << 20;
    std::uint64_t chunks = 0;
    std::uint64_t largest = 0;
    for (std::uint64_t before = 0; before < all; ++chunks) {
      const std::uint64_t bytes = std::min<std::uint64_t>(mrf::chunk::chunk_size_after(before), all - before);
      largest = std::max(largest, bytes);
      before += bytes;
    }
    CHECK(chunks == input.chunks);
    CHECK(static_cast<double>(largest) <= input.largest_share * static_cast<double>(all));
  }
}

TEST_CASE("a pipe is cut as a file is, however its bytes arrive") {
  const Directory directory;
  const std::string text = lines(100000);
  std::ofstream(directory / "in") << text;
  mrf::chunk::ChunkSource file(command(directory / "in"));
  const auto expected = take_all(file);
  for (const std::size_t piece : {7777, 100000, 999999}) {
    mrf::io::Pipe pipe = mrf::io::make_pipe();
    std::thread writer([&, end = std::move(pipe.write_end)]() mutable {
      for (std::size_t at = 0; at < text.size(); at += piece) {
        const std::string_view part = std::string_view(text).substr(at, piece);
        CHECK(::write(end.get(), part.data(), part.size()) == static_cast<ssize_t>(part.size()));
      }
      end.reset();
    });
    mrf::chunk::ChunkSource source(command("/dev/fd/" + std::to_string(pipe.read_end.get())));
    const auto chunks = take_all(source);
    writer.join();
    REQUIRE(chunks.size() == expected.size());
    for (std::size_t at = 0; at < chunks.size(); ++at) CHECK(text_of(chunks[at]) == text_of(expected[at]));
  }
}

TEST_CASE("the last record gets what it lacks; a malformed one comes after the chunks before it") {
  const Directory directory;
  std::ofstream(directory / "in") << lines(24) << "123456789";
  mrf::chunk::ChunkSource source(command(directory / "in", 10));
  const auto chunks = take_all(source);
  REQUIRE(chunks.size() == 3);
  CHECK(text_of(chunks[0]) == lines(10));
  CHECK(text_of(chunks[2]) == lines(5));
  CHECK(chunks[2].records == 5);

  std::ofstream(directory / "bad") << "@r\nA\n+\nI\n@r\nA\n+\nI\nr\nA\n+\nI\n";
  mrf::chunk::ChunkCommand fastq = command(directory / "bad", 1);
  fastq.form.record = mrf::record::parse_record_form("fastq");
  mrf::chunk::ChunkSource bad(fastq);
  CHECK_THROWS_AS(take_all(bad), mrf::base::DataError);
}

TEST_CASE("a header goes around the chunks, or in front of each") {
  const Directory directory;
  std::ofstream(directory / "in") << "#a\n#b\n1\n2\n#3";
  mrf::chunk::ChunkCommand around = command(directory / "in", 2);
  around.form.header = {"#", 0};
  mrf::chunk::ChunkSource source(around);
  std::optional<std::string> header;
  while (!header) header = source.take_header();
  CHECK(*header == "#a\n#b\n");
  const auto chunks = take_all(source);
  REQUIRE(chunks.size() == 2);
  CHECK(text_of(chunks[0]) == "1\n2\n");
  CHECK(text_of(chunks[1]) == "#3\n");

  mrf::chunk::ChunkCommand to_each = around;
  to_each.header_broadcast = true;
  mrf::chunk::ChunkSource other(to_each);
  const auto with = take_all(other);
  REQUIRE(with.size() == 2);
  CHECK(text_of(with[1]) == "#a\n#b\n#3\n");
}

TEST_CASE("no chunk is given before the header was taken, which stands in front of it") {
  const Directory directory;
  std::ofstream(directory / "in") << "#a\n1\n2\n";
  mrf::chunk::ChunkCommand around = command(directory / "in", 2);
  around.form.header = {"#", 0};
  mrf::chunk::ChunkSource source(around);
  while (source.read().records < 2) std::this_thread::yield();
  CHECK_FALSE(source.next());
  CHECK(source.take_header() == "#a\n");
  CHECK(source.next());
}

TEST_CASE("a source that is given up does not wait for its input") {
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  CHECK(::write(pipe.write_end.get(), "1\n2\n3\n", 6) == 6);
  mrf::chunk::ChunkSource source(command("/dev/fd/" + std::to_string(pipe.read_end.get()), 2));
  CHECK_FALSE(source.is_over());
}
