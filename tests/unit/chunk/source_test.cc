// SPDX-License-Identifier: MIT
#include "chunk/source.h"

#include <doctest/doctest.h>

#include <fstream>

#include "base/error.h"
#include "directory.h"

namespace {

constexpr std::size_t line_length = 10;

void write_lines(const std::string& path, int lines, const char* end = "\n") {
  std::ofstream file(path);
  for (int line = 0; line < lines; ++line) file << "123456789" << (line + 1 < lines ? "\n" : end);
}

}  // namespace

TEST_CASE("a chunk of a file is as large as was asked for, up to the end of a record") {
  const Directory directory;
  write_lines(directory / "in", 100000);
  mrf::Meter meter;
  mrf::ChunkSource source(directory / "in", {}, 0, meter);
  std::uint64_t next = 0;
  std::uint64_t chunks = 0;
  while (!source.is_over()) {
    const auto chunk = source.next(12345);
    if (!chunk) continue;
    CHECK(chunk->offset == next);
    CHECK(chunk->size % line_length == 0);
    if (chunk->offset + chunk->size < 100000 * line_length) CHECK(chunk->size == 12350);
    next += chunk->size;
    CHECK(source.bytes() == next);
    CHECK(source.records() == next / line_length);
    ++chunks;
  }
  CHECK(next == 100000 * line_length);
  CHECK(chunks == 81);
}

TEST_CASE(
    "the last record of a file gets what it lacks; a malformed one is told when its chunk is asked for") {
  const Directory directory;
  write_lines(directory / "in", 25, "");
  mrf::Meter meter;
  mrf::ChunkSource source(directory / "in", {}, 10, meter);
  CHECK(source.next(0)->size == 100);
  CHECK(source.next(0)->ending.empty());
  const auto last = source.next(0);
  CHECK(last->size == 49);
  CHECK(last->ending == "\n");
  CHECK(source.is_over());
  CHECK(source.records() == 25);

  std::ofstream(directory / "bad") << "@r\nA\n+\nI\n"
                                   << "@r\nA\n+\nI\n"
                                   << "r\nA\n+\nI\n";
  mrf::ChunkSource bad(directory / "bad", mrf::parse_record_form("fastq"), 1, meter);
  CHECK(bad.next(0)->size == 9);
  CHECK(bad.next(0)->size == 9);
  CHECK_THROWS_AS(bad.next(0), mrf::DataError);
}
