// SPDX-License-Identifier: MIT
#include "bam/cram_containers.h"

#include <doctest/doctest.h>

#include <string>

#include "codec/crc.h"

namespace {

using namespace std::string_literals;

const std::string definition = "CRAM\3\0"s + std::string(20, 'i');

std::string with_checksum(const std::string& bytes) {
  std::string result = bytes;
  const std::uint32_t sum = mrf::codec::crc32(bytes);
  for (unsigned shift = 0; shift < 32; shift += 8) result += static_cast<char>(sum >> shift);
  return result;
}

// A block of four bytes, 13 in all.
std::string block(char method = 0) { return with_checksum(std::string(1, method) + "\4\0\4\4bbbb"s); }

// A container of version 3 with `records`, ITF8, and a body of two blocks.
std::string container(const std::string& records, const std::string& landmarks = "\1\0"s) {
  return with_checksum(
             "\x1a\0\0\0"
             "\x81\x23"
             "\xc1\2\3"
             "\xe1\2\3\4"s +
             records +
             "\xff\1\2\3\4\5\6\7\x08"
             "\xfe\1\2\3\4\5\6\7"
             "\2"s +
             landmarks) +
         block() + block(1);
}

bool says(std::string_view bytes, std::uint64_t records, std::size_t step = 1000) {
  mrf::bam::CramContainers containers;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    containers.add(bytes.substr(0, step));
  }
  return containers.has_records(records);
}

}  // namespace

TEST_CASE("the records of all containers are counted, however the bytes arrive") {
  const std::string cram = definition + container("\0"s) + container("\x85\x10"s) +
                           container("\x7f", "\2\x80\1\xc0\1\2") + container("\xf0\0\0\x10\x07"s);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, cram.size()}) {
    CHECK(says(cram, 0x510 + 0x7f + 0x107, step));
    CHECK_FALSE(says(cram, 0x510 + 0x7f + 0x106, step));
  }
  CHECK(says(cram.substr(0, cram.size() - 36), 0x510 + 0x7f));
}

TEST_CASE("a header with more landmarks than a container has blocks says no number") {
  const std::string cram = definition + container("\1", "\xf7\xff\xff\xff\x0f");
  for (const unsigned records : {0U, 1U}) CHECK_FALSE(says(cram, records));
}

TEST_CASE("the headers of other versions are not looked at") {
  std::string cram = definition + container("\1");
  cram[4] = 4;
  CHECK(says(cram, 12));
  cram[4] = 2;
  CHECK_FALSE(says(cram, 12));
}

TEST_CASE("a changed byte is found by the checksum of its header or block, and its container is named") {
  const std::string good = definition + container("\1") + container("\1");
  const std::size_t second = definition.size() + container("\1").size();
  for (std::size_t at = second; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    mrf::bam::CramContainers containers;
    containers.add(bad + std::string(100, '\0'));
    INFO(at);
    CHECK_FALSE(containers.has_records(2));
  }
  std::string bad = good;
  bad[good.size() - 5] ^= 1;
  mrf::bam::CramContainers containers;
  containers.add(bad);
  CHECK(containers.fault() ==
        "the CRAM container at byte " + std::to_string(second) + ": a block has a wrong checksum");
}

TEST_CASE("the reference of a record is that of its container") {
  mrf::bam::CramContainers containers;
  containers.add(definition + container("\0"s) + container("\2"));
  CHECK(containers.reference_of(1) == containers.reference_of(0));
  CHECK(containers.reference_of(0) == 0x123);
  CHECK_FALSE(containers.reference_of(2).has_value());
}
