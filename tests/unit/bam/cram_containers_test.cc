// SPDX-License-Identifier: MIT
#include "bam/cram_containers.h"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace std::string_literals;

const std::string definition = "CRAM\3\0"s + std::string(20, 'i');

// A container of version 3 with `records`, ITF8, and a body of ten bytes.
std::string container(const std::string& records, const std::string& landmarks = "\1\0"s) {
  return "\x0a\0\0\0"
         "\x81\x23"
         "\xc1\2\3"
         "\xe1\2\3\4"s +
         records +
         "\xff\1\2\3\4\5\6\7\x08"
         "\xfe\1\2\3\4\5\6\7"
         "\2"s +
         landmarks + "CRC3" + std::string(10, 'b');
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
  CHECK(says(cram.substr(0, cram.size() - 30), 0x510 + 0x7f));
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
