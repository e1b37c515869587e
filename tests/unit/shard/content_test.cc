// SPDX-License-Identifier: MIT
#include "shard/content.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <string>

#include "base/error.h"
#include "unit/directory.h"
#include "unit/shard/files.h"

namespace {

using namespace mrf;
using namespace mrf::shard;
using namespace mrf::shard::test;

struct OpenContent {
  OpenContent(const std::string& path, Storage storage, Position from)
      : fd(io::open_file(path, O_RDONLY)), content(fd, path, storage, from, meter) {}
  std::string rest() {
    while (content.more()) {
    }
    return std::string(content.view());
  }
  io::Meter meter;
  io::Fd fd;
  Content content;
};

}  // namespace

TEST_CASE("each byte of a BGZF file has one position, and is found at it") {
  const ::Directory directory;
  const std::string path = directory / "a";
  const std::string text = "0123456789abcdefghij";
  const std::string file = block("") + block(text.substr(0, 10)) + block("") + block(text.substr(10));
  write_file(path, file + std::string(codec::bgzf_eof));
  OpenContent open(path, Storage::bgzf, 0);
  REQUIRE(open.rest() == text);
  const Position first = block_position(block("").size());
  const Position second = block_position(file.size() - block(text.substr(10)).size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const Position expected = at < 10 ? first + at : second + at - 10;
    CHECK(open.content.position(at) == expected);
    CHECK(open.content.offset_of(expected) == at);
  }
  CHECK(open.content.position(text.size()) == end_position(Storage::bgzf, file.size() + 28));
  CHECK_FALSE(open.content.offset_of(end_position(Storage::bgzf, file.size() + 28)).has_value());
  CHECK(open.content.offset_of(first + 10) == 10);  // behind the last byte of the block
  CHECK(open.content.offset_of(second - 1) == 10);  // within the empty block
  open.content.consume(12);
  CHECK(open.content.position(0) == second + 2);
  CHECK(open.content.offset_of(first) == 0);
  OpenContent from_second(path, Storage::bgzf, second);
  CHECK(from_second.rest() == text.substr(10));
  CHECK(from_second.content.position(1) == second + 1);
}

TEST_CASE("positions in a plain file are its bytes") {
  const ::Directory directory;
  const std::string path = directory / "a";
  write_file(path, "0123456789");
  OpenContent open(path, Storage::plain, 3);
  CHECK(open.rest() == "3456789");
  CHECK(open.content.position(2) == 5);
  CHECK(open.content.offset_of(5) == 2);
  CHECK(open.content.offset_of(10) == 7);
  CHECK_FALSE(open.content.offset_of(11).has_value());
  CHECK(open.content.position(7) == end_position(Storage::plain, 10));
}

TEST_CASE("what is no whole BGZF is bad data") {
  const ::Directory directory;
  const std::string path = directory / "a";
  const std::string file = bgzf("some text", 4);
  for (std::size_t size = 1; size < file.size(); ++size) {
    write_file(path, file.substr(0, size));
    OpenContent open(path, Storage::bgzf, 0);
    CHECK_THROWS_AS(open.rest(), base::DataError);
  }
  for (std::size_t at = 0; at < file.size() - 28; ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    write_file(path, damaged);
    OpenContent open(path, Storage::bgzf, 0);
    std::string text;
    try {
      text = open.rest();
    } catch (const base::DataError&) {
      continue;
    }
    CHECK(text == "some text");  // a time or a flag of the gzip header
  }
  write_file(path, file);
  OpenContent within(path, Storage::bgzf, block_position(1));
  CHECK_THROWS_AS(within.rest(), base::DataError);
}

TEST_CASE("content that is compressed to a thousandth comes in pieces") {
  const ::Directory directory;
  const std::string path = directory / "a";
  const std::string text(20000000, 'x');
  write_file(path, bgzf(text, 65280));
  OpenContent open(path, Storage::bgzf, 0);
  std::size_t size = 0;
  while (open.content.more()) {
    CHECK(open.content.view().size() < 2000000);
    size += open.content.view().size();
    open.content.consume(open.content.view().size());
  }
  CHECK(size == text.size());
}
