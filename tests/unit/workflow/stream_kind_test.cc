// SPDX-License-Identifier: MIT
#include "workflow/stream_kind.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <optional>
#include <string>
#include <string_view>

using mrf::workflow::Content;
using mrf::workflow::Rest;

namespace {

std::string gzipped(const std::string& text) {
  std::string out(text.size() + 100, '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::optional<Content> content_of(std::string_view stored, Rest rest) {
  const auto start = mrf::workflow::start_of(stored, rest);
  return start ? std::optional(start->content) : std::nullopt;
}

struct Row {
  std::string bytes;
  Content content;
};

const Row rows[] = {{"", Content::empty},
                    {"a\tb\n", Content::text},
                    {"@r1\nACGT\n+\nIIII\n", Content::fastq},
                    {"@r1\nACGT\nAC\n+\nIIII\nII\n", Content::fastq},
                    {"@r1\n\n+\n\n", Content::fastq},
                    {"@r1\r\nACGT\r\n+\r\nIIII\r\n", Content::fastq},
                    {"@r1\nT0123.0\n+\n!!!!!!\n", Content::fastq},
                    {"@@ -1,2 +1,3 @@\n context\n+added\n", Content::text},
                    {"@ 1\n1\n2\n+ 3\n", Content::text},
                    {"@somebody\nsays hello\n", Content::text},
                    {"@HD\tVN:1.6\n", Content::sam},
                    {"@CO\tx\n", Content::sam},
                    {"@COx\n", Content::text},
                    {">chr1\nACGT\n", Content::fasta},
                    {std::string("BAM\1\0\0\0\0", 8), Content::bam},
                    {"CRAM\3....", Content::cram},
                    {"BCF\2\2", Content::bcf},
                    {"BZh91AY&SYxx", Content::bzip2},
                    {std::string("\xfd"
                                 "7zXZ\0\0",
                                 7),
                     Content::xz},
                    {"\x28\xb5\x2f\xfd\x04", Content::zstd},
                    {"PK\3\4", Content::zip},
                    {"BAMBOO\n", Content::text},
                    {"CRAB\n", Content::text}};

}  // namespace

TEST_CASE("the first bytes say what an input holds, also inside gzip") {
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    CHECK(content_of(row.bytes, Rest::none) == row.content);
    CHECK(content_of(gzipped(row.bytes), Rest::none) == row.content);
  }
}

TEST_CASE("however the bytes come, the answer is the same or is not given yet") {
  for (const Row& row : rows) {
    for (const std::string& stored : {row.bytes, gzipped(row.bytes)}) {
      for (std::size_t size = 0; size < stored.size(); ++size) {
        CAPTURE(row.bytes);
        CAPTURE(size);
        const auto early = content_of(stored.substr(0, size), Rest::to_come);
        if (early) CHECK(*early == row.content);
      }
    }
  }
}

TEST_CASE("a read so long that its + is out of sight is FASTQ all the same") {
  const std::string read = "@r1 ch=4\n" + std::string(mrf::workflow::content_bytes, 'A');
  CHECK(content_of(read.substr(0, mrf::workflow::content_bytes), Rest::unseen) == Content::fastq);
  CHECK(content_of(read.substr(0, 1000), Rest::to_come) == Content::fastq);
  CHECK(content_of(gzipped(read), Rest::none) == Content::fastq);
}

TEST_CASE("damage is left to who reads all of it") {
  std::string stored = gzipped("@HD\tVN:1.6\n");
  stored[12] = static_cast<char>(0xff);
  CHECK(content_of(stored, Rest::none).has_value());
  CHECK(content_of("\x1f\x8b garbage", Rest::none).has_value());
}

TEST_CASE("what is not read here comes with the command that turns it into what is") {
  CHECK(mrf::workflow::way_to_read(Content::bzip2, "a.bz2") == "bzip2 -dc a.bz2");
  CHECK(mrf::workflow::way_to_read(Content::bcf, "-") == "put 'bcftools view' in front");
  CHECK(mrf::workflow::way_to_read(Content::bam, "a.bam").empty());
}
