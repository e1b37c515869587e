// SPDX-License-Identifier: MIT
#include "codec/field_deflater.h"

#include <doctest/doctest.h>
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

using mrf::codec::Field;
using mrf::codec::FieldDeflater;
using mrf::codec::FieldSpan;

namespace {

std::string deflated(FieldDeflater& deflater, const std::string& plain,
                     const std::vector<FieldSpan>& fields) {
  std::string stored(plain.size() + plain.size() / 4 + 1000, '\0');
  stored.resize(deflater.deflate(plain, fields, stored));
  return stored;
}

std::string zlib_inflated(const std::string& stored, std::size_t size) {
  std::string plain(size + 1, '\0');
  z_stream stream{};
  REQUIRE(::inflateInit2(&stream, -15) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));
  stream.avail_in = static_cast<uInt>(stored.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  CHECK(::inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  plain.resize(stream.total_out);
  ::inflateEnd(&stream);
  return plain;
}

std::string libdeflate_inflated(const std::string& stored, std::size_t size) {
  std::string plain(size, '\0');
  libdeflate_decompressor* library = ::libdeflate_alloc_decompressor();
  std::size_t got = 0;
  CHECK(::libdeflate_deflate_decompress(library, stored.data(), stored.size(), plain.data(), plain.size(),
                                        &got) == LIBDEFLATE_SUCCESS);
  ::libdeflate_free_decompressor(library);
  plain.resize(got);
  return plain;
}

void check_whole(const std::string& plain, const std::vector<FieldSpan>& fields) {
  for (int level = FieldDeflater::least_level; level <= FieldDeflater::most_level; ++level) {
    CAPTURE(level);
    FieldDeflater deflater(level);
    const std::string stored = deflated(deflater, plain, fields);
    REQUIRE(!stored.empty());
    CHECK(zlib_inflated(stored, plain.size()) == plain);
    CHECK(libdeflate_inflated(stored, plain.size()) == plain);
    CHECK(deflated(deflater, plain, fields) == stored);  // nothing is left of the block before
  }
}

std::vector<FieldSpan> random_spans(std::mt19937& random, std::size_t size) {
  std::vector<FieldSpan> spans;
  std::size_t end = 0;
  while (end < size) {
    end = std::min(size, end + random() % 200);
    spans.push_back(
        {static_cast<std::uint32_t>(end), static_cast<Field>(random() % mrf::codec::field_kinds)});
  }
  return spans;
}

// Pieces that were there before, and new bytes of an alphabet.
std::string random_bytes(std::mt19937& random, std::size_t size, unsigned alphabet) {
  std::string bytes;
  while (bytes.size() < size) {
    const std::size_t length = 1 + random() % (random() % 8 == 0 ? 700 : 20);
    if (!bytes.empty() && random() % 2 == 0) {
      const std::size_t from = random() % bytes.size();
      for (std::size_t at = 0; at < length; ++at) bytes += bytes[from + at];
    } else {
      for (std::size_t at = 0; at < length; ++at) bytes += static_cast<char>(random() % alphabet);
    }
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

TEST_CASE("field deflater: small and regular payloads") {
  check_whole("", {});
  check_whole("a", {{1, Field::name}});
  for (std::size_t size = 2; size < 40; ++size) check_whole(std::string(size, 'x'), {});
  check_whole(std::string(FieldDeflater::most_bytes, '\0'), {{65536, Field::qualities}});
  std::string steps;
  for (int at = 0; at < 65536; ++at) steps += static_cast<char>(at & 0xff);
  check_whole(steps, {{65536, Field::tags}});
}

TEST_CASE("field deflater: what does not repeat, and all byte values") {
  std::mt19937 random(2);
  std::string noise(FieldDeflater::most_bytes, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  check_whole(noise, random_spans(random, noise.size()));
}

TEST_CASE("field deflater: matches at the edge of the window and of the longest length") {
  std::mt19937 random(3);
  for (const std::size_t distance : {1U, 2U, 3U, 257U, 258U, 259U, 32767U, 32768U, 32769U}) {
    std::string bytes = random_bytes(random, distance, 256);
    while (bytes.size() < FieldDeflater::most_bytes) bytes += bytes[bytes.size() - distance];
    check_whole(bytes, {{65536, Field::bases}});
  }
}

TEST_CASE("field deflater: random payloads with random spans, any of them too short or too long") {
  std::mt19937 random(4);
  for (int round = 0; round < 60; ++round) {
    const std::size_t size = random() % (round % 4 == 0 ? FieldDeflater::most_bytes + 1 : 3000);
    const std::string bytes = random_bytes(random, size, 1 + random() % 256);
    check_whole(bytes, random_spans(random, size));
    check_whole(bytes, random_spans(random, size / 2));
    check_whole(bytes, random_spans(random, size * 2));
  }
}

namespace {

std::size_t libdeflate_size(const std::string& plain, int level) {
  std::string to(plain.size() + 1000, '\0');
  libdeflate_compressor* library = ::libdeflate_alloc_compressor(level);
  const std::size_t size =
      ::libdeflate_deflate_compress(library, plain.data(), plain.size(), to.data(), to.size());
  ::libdeflate_free_compressor(library);
  return size;
}

}  // namespace

// Any 5 of these bytes stand before some place hundreds of times, and long matches are rare among them.
TEST_CASE("field deflater: a match in qualities of two values is found behind many shorter ones") {
  std::mt19937 random(7);
  std::string bytes;
  while (bytes.size() < 16000) bytes += random() % 4 == 0 ? '\x19' : '\x25';
  while (bytes.size() < 32000) bytes += bytes.substr(random() % 15000, 60);
  const std::vector<FieldSpan> fields{{static_cast<std::uint32_t>(bytes.size()), Field::qualities}};
  check_whole(bytes, fields);
  FieldDeflater normal(6);
  CHECK(deflated(normal, bytes, fields).size() * 100 < libdeflate_size(bytes, 7) * 95);
}

TEST_CASE("field deflater: bases that overlap others are found after many that do not") {
  std::mt19937 random(8);
  std::string bytes;
  while (bytes.size() < 16000) bytes += static_cast<char>(random());
  const std::string before = bytes;
  for (int read = 0; read < 100; ++read) bytes += before.substr(random() % 15000, 120);
  const std::vector<FieldSpan> fields{{static_cast<std::uint32_t>(bytes.size()), Field::bases}};
  check_whole(bytes, fields);
  for (int level = FieldDeflater::least_level; level <= FieldDeflater::most_level; ++level) {
    FieldDeflater deflater(level);
    CHECK(deflated(deflater, bytes, fields).size() < 16000 + 100 * 8);
  }
}

// Two bases a byte, each 1, 2, 4 or 8; A and T are more frequent than C and G, so that a base has 1.88 bits.
TEST_CASE("field deflater: bases that agree by chance stay literals") {
  std::mt19937 random(9);
  const auto base = [&random] { return random() % 10 < 7 ? 1 << 3 * (random() % 2) : 2 << random() % 2; };
  std::string bytes;
  while (bytes.size() < 60000) bytes += static_cast<char>(base() << 4 | base());
  const std::vector<FieldSpan> fields{{static_cast<std::uint32_t>(bytes.size()), Field::bases}};
  for (int level = FieldDeflater::least_level; level < FieldDeflater::most_level; ++level) {
    CAPTURE(level);
    FieldDeflater deflater(level);
    CHECK(deflated(deflater, bytes, fields).size() < 60000 * 2 * 192 / 100 / 8);
  }
}

// 16 values with 4 bits each, then 64 others with 6: as one block each needs 5.3 bits and more.
TEST_CASE("field deflater: long bases and qualities get codes of their own up to level 6") {
  std::mt19937 random(10);
  std::string bytes;
  std::vector<FieldSpan> fields;
  for (int read = 0; read < 2; ++read) {
    for (int at = 0; at < 10000; ++at) bytes += static_cast<char>(1 + random() % 16);
    fields.push_back({static_cast<std::uint32_t>(bytes.size()), Field::bases});
    for (int at = 0; at < 20000; ++at) bytes += static_cast<char>(33 + random() % 64);
    fields.push_back({static_cast<std::uint32_t>(bytes.size()), Field::qualities});
  }
  check_whole(bytes, fields);
  for (int level = FieldDeflater::least_level; level < FieldDeflater::most_level; ++level) {
    CAPTURE(level);
    FieldDeflater deflater(level);
    CHECK(deflated(deflater, bytes, fields).size() * 8 < 2 * (10000 * 4 + 20000 * 6) * 104 / 100);
  }
}

// The nearer of two places with the last 20 bytes needs fewer bits, as near as others are. What is behind the
// farther one is as what may be read behind the payload, or not; how much of it is compared at once depends
// on the processor: with 32 bytes it would be taken.
TEST_CASE("field deflater: what is behind the payload chooses no match") {
  const auto bytes_with = [](const std::string& behind) {
    std::string end;
    while (end.size() < 20) end += static_cast<char>(200 + end.size());
    const std::string pair = "KLMNOPQRST";
    return end + behind + std::string(30000, 'x') + pair + "0123456789ABCDEFGHIJ" + pair +
           "abcdefghij0123456789" + pair + end + "!$%&/()=?*" + end;
  };
  const std::string as_behind = bytes_with(std::string(8, '\0') + std::string(8, '\1'));
  const std::string not_as_behind = bytes_with(std::string(8, '\1') + std::string(8, '\0'));
  const std::vector<FieldSpan> fields{{static_cast<std::uint32_t>(as_behind.size()), Field::fixed}};
  for (int level = FieldDeflater::least_level; level <= FieldDeflater::most_level; ++level) {
    CAPTURE(level);
    FieldDeflater deflater(level);
    CHECK(deflated(deflater, as_behind, fields).size() == deflated(deflater, not_as_behind, fields).size());
  }
}

TEST_CASE("field deflater: symbols so rare that their codes would be longer than 15 bits") {
  std::string bytes;
  std::size_t count = 1;
  std::size_t before = 1;
  for (char byte = 1; bytes.size() + count < FieldDeflater::most_bytes; ++byte) {
    bytes.append(count, byte);
    count += std::exchange(before, count);
  }
  std::mt19937 random(5);
  std::shuffle(bytes.begin(), bytes.end(), random);
  check_whole(bytes, {{static_cast<std::uint32_t>(bytes.size()), Field::qualities}});
}

TEST_CASE("field deflater: too little room is no result, and nothing is written behind it") {
  std::mt19937 random(6);
  const std::string bytes = random_bytes(random, 5000, 250);
  FieldDeflater deflater(6);
  const std::size_t whole = deflated(deflater, bytes, {}).size();
  for (const std::size_t room :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole, whole + 7, whole + 8}) {
    std::string to(room + 16, '#');
    const std::size_t size = deflater.deflate(bytes, {}, {to.data(), room});
    CHECK((size == 0 || size == whole));
    CHECK((size != 0) == (room >= whole + 8));
    CHECK(to.substr(room) == std::string(16, '#'));
  }
}
