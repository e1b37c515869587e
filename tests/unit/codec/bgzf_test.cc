// SPDX-License-Identifier: MIT
#include "codec/bgzf.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <string>

#include "base/error.h"
#include "codec/inflate.h"

namespace {

std::string block_of(const std::string& payload, int level = 1,
                     std::span<const mrf::codec::FieldSpan> fields = {}) {
  mrf::codec::BgzfDeflater deflater(level);
  std::string block(mrf::codec::bgzf_max_block, '\0');
  block.resize(deflater.block(payload, fields, block));
  return block;
}

std::string content_of(const std::string& block) {
  std::string content(mrf::codec::bgzf_content_size(block), '\0');
  mrf::codec::BgzfInflater().block(block, content);
  return content;
}

std::string random_bytes(std::size_t n) {
  std::mt19937 random(7);
  std::string bytes(n, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

}  // namespace

TEST_CASE("a block knows its size and gives its payload back") {
  for (const std::string& payload :
       {std::string(), std::string("a"), std::string(mrf::codec::bgzf_payload, 'x'),
        random_bytes(mrf::codec::bgzf_payload), random_bytes(1000)}) {
    for (const int level : {0, 1, 2, 6, 9}) {
      const std::string block = block_of(payload, level);
      CHECK(mrf::codec::bgzf_block_size(block) == block.size());
      CHECK(content_of(block) == payload);
    }
  }
}

TEST_CASE("a higher level makes smaller blocks") {
  std::mt19937 random(5);
  std::string payload(mrf::codec::bgzf_payload, '\0');
  for (char& c : payload) c = "ACGT"[random() % 4];
  CHECK(block_of(payload, 0).size() > payload.size());
  CHECK(block_of(payload, 1).size() < payload.size() / 2);
  CHECK(block_of(payload, 9).size() < block_of(payload, 1).size());
}

TEST_CASE("what does not compress is stored at every level, with fields and without") {
  constexpr std::size_t around = 18 + 5 + 8;  // header, front of the stored bytes, trailer
  for (const std::size_t size : {2000U, 10000U, 65280U}) {
    const std::string payload = random_bytes(size);
    const std::array fields{
        mrf::codec::FieldSpan{static_cast<std::uint32_t>(size), mrf::codec::Field::qualities}};
    for (int level = 0; level <= 9; ++level) {
      CAPTURE(level);
      CHECK(block_of(payload, level).size() == size + around);
      const std::string block = block_of(payload, level, fields);
      CHECK(block.size() == size + around);
      CHECK(content_of(block) == payload);
    }
  }
}

TEST_CASE("what is mostly CIGAR is smaller at level 6 than without its fields") {
  std::mt19937 random(6);
  std::string payload;
  while (payload.size() < mrf::codec::bgzf_payload) {
    const auto length = static_cast<std::uint32_t>(1 + random() % (1 + random() % 60));
    const std::uint32_t operation = length << 4 | static_cast<std::uint32_t>(random() % 3);
    payload.append(reinterpret_cast<const char*>(&operation), sizeof operation);
  }
  const std::array fields{
      mrf::codec::FieldSpan{static_cast<std::uint32_t>(payload.size()), mrf::codec::Field::cigar}};
  const std::string block = block_of(payload, 6, fields);
  CHECK(content_of(block) == payload);
  CHECK(block.size() < block_of(payload, 6).size());
}

TEST_CASE("the end-of-file block is an empty one") {
  const std::string block(mrf::codec::bgzf_eof);
  CHECK(mrf::codec::bgzf_block_size(block) == block.size());
  CHECK(content_of(block).empty());
}

TEST_CASE("a decoder takes a stream in pieces of any size") {
  const std::string content = random_bytes(3000) + std::string(200000, 'x');
  std::string stored;
  for (std::size_t at = 0; at < content.size(); at += 60000) stored += block_of(content.substr(at, 60000));
  stored += mrf::codec::bgzf_eof;
  for (const std::size_t piece : {1, 17, 5000}) {
    mrf::codec::GzipDecoder decoder("x");
    std::string got;
    std::string room(1000, '\0');
    for (std::size_t at = 0; at < stored.size(); at += piece) {
      decoder.feed(std::string_view(stored).substr(at, piece));
      while (const std::size_t n = decoder.inflate(room)) got.append(room, 0, n);
      CHECK_FALSE(decoder.has_more());
    }
    decoder.finish();
    CHECK((got == content));
  }
  mrf::codec::GzipDecoder cut("x");
  std::string room(1000000, '\0');
  cut.feed(std::string_view(stored).substr(0, stored.size() - 40));
  while (cut.inflate(room) > 0) {
  }
  CHECK_THROWS_WITH(cut.finish(), "cannot read 'x': truncated gzip stream");
}

TEST_CASE("a decoder misses the end-of-file block of BGZF, not that of other members") {
  const auto end_of = [](const std::string& stored, std::size_t piece) {
    mrf::codec::GzipDecoder decoder("x");
    std::string room(1000, '\0');
    for (std::size_t at = 0; at < stored.size(); at += piece) {
      decoder.feed(std::string_view(stored).substr(at, piece));
      while (decoder.inflate(room) > 0) {
      }
    }
    decoder.finish();
  };
  const std::string end(mrf::codec::bgzf_eof);
  const std::string padding(100, '\0');
  // printf '' | gzip -n
  const std::string gzip("\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20);
  for (const std::size_t piece : {1, 27, 70000}) {
    for (const std::string& stored : {block_of("text"), end + block_of("text") + padding, block_of("")}) {
      CHECK_THROWS_WITH_AS(end_of(stored, piece), "cannot read 'x': truncated: no end-of-file block",
                           mrf::base::DataError);
    }
    for (const std::string& stored : {end, block_of("text") + end + padding, gzip, block_of("text") + gzip}) {
      CHECK_NOTHROW(end_of(stored, piece));
    }
  }
}

TEST_CASE("what is no BGZF block has no size") {
  std::string block = block_of("text");
  CHECK(mrf::codec::bgzf_block_size(std::string(18, '\0')) == 0);
  for (const char flags : {'\0', '\x06', '\x0c', '\x14'}) {
    block[3] = flags;
    CHECK(mrf::codec::bgzf_block_size(block) == 0);
  }
  block[3] = '\5';
  CHECK(mrf::codec::bgzf_block_size(block) == block.size());
  block[12] = 'X';
  CHECK(mrf::codec::bgzf_block_size(block) == 0);
}

TEST_CASE("a damaged block is refused, whichever bit it is") {
  const std::string payload = "the quick brown fox jumps over the lazy dog, and again over the lazy dog";
  const std::string good = block_of(payload);
  for (std::size_t bit = mrf::codec::bgzf_header_size * 8; bit < (good.size() - 4) * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    std::string content(payload.size(), '\0');
    mrf::codec::BgzfInflater inflater;
    bool refused = false;
    try {
      inflater.block(bad, content);
    } catch (const std::runtime_error&) {
      refused = true;
    }
    CHECK((refused || content == payload));
  }
}

TEST_CASE("the subfield BC may stand behind others, and a header that is not whole asks for more") {
  const std::string plain = block_of("text");
  std::string extra = std::string("XY\3\0abc", 7) + plain.substr(12, 6) + std::string("ZZ\0\0", 4);
  const std::size_t size = plain.size() + extra.size() - 6;
  extra[11] = static_cast<char>(size - 1);
  std::string block =
      plain.substr(0, 10) + static_cast<char>(extra.size()) + std::string(1, '\0') + extra + plain.substr(18);
  CHECK(mrf::codec::bgzf_block_size(block) == block.size());
  std::string content(4, ' ');
  mrf::codec::BgzfInflater().block(block, content);
  CHECK(content == "text");
  for (std::size_t cut = 0; cut < 12 + extra.size(); ++cut) {
    CAPTURE(cut);
    CHECK(mrf::codec::bgzf_block_size(std::string_view(block).substr(0, cut)) > cut);
  }
  CHECK(mrf::codec::bgzf_block_size("\x1f\x8c") == 0);
  CHECK(mrf::codec::bgzf_block_size(std::string_view("\x1f\x8b\x08\0", 4)) == 0);
}

TEST_CASE("blocks one after the other are opened up to a damaged one, whose offset is told") {
  const std::string first = block_of("first");
  const std::string second = block_of("second one");
  const std::string stored = first + second + std::string(mrf::codec::bgzf_eof);
  const std::string open = stored + first.substr(0, 20);

  const mrf::codec::BgzfBlocks all = mrf::codec::whole_bgzf_blocks(open, 100);
  CHECK(all.stored == stored.size());
  CHECK(all.content == 15);
  CHECK(all.is_end);
  const mrf::codec::BgzfBlocks enough = mrf::codec::whole_bgzf_blocks(open, 6);
  CHECK(enough.stored == first.size() + second.size());
  CHECK(!enough.is_end);
  const mrf::codec::BgzfBlocks none = mrf::codec::whole_bgzf_blocks("no block", 100);
  CHECK(none.stored == 0);
  CHECK(none.has_other_behind);
  CHECK_FALSE(all.has_other_behind);
  const mrf::codec::BgzfBlocks spoilt = mrf::codec::whole_bgzf_blocks(stored + "no block", 100);
  CHECK(spoilt.stored == stored.size());
  CHECK(spoilt.has_other_behind);

  std::string content(all.content, ' ');
  const mrf::codec::BgzfContent good = mrf::codec::BgzfInflater().blocks(stored, content);
  CHECK(content == "firstsecond one");
  CHECK(good.size == 15);
  CHECK(good.damage.empty());

  for (const bool in_length : {false, true}) {
    CAPTURE(in_length);
    std::string bad = stored;
    char& byte = bad[first.size() + second.size() - (in_length ? 1 : 8)];
    byte = static_cast<char>(byte ^ 1);
    const std::size_t room = mrf::codec::whole_bgzf_blocks(bad, 100000).content;
    CHECK(room == (in_length ? 5 + mrf::codec::bgzf_max_block : 15));
    content.assign(room, ' ');
    const mrf::codec::BgzfContent part = mrf::codec::BgzfInflater().blocks(bad, content);
    CHECK(part.size == 5);
    CHECK(part.offset == first.size());
    CHECK(part.damage == (in_length ? "incorrect length" : "incorrect checksum"));
  }
}
