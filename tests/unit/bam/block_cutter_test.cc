// SPDX-License-Identifier: MIT
#include "bam/block_cutter.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "codec/bgzf.h"

using mrf::bam::BlockCutter;
using mrf::codec::Field;

namespace {

// A BAM record with these lengths, of zero bytes otherwise.
std::string record(std::size_t name, std::size_t cigar, std::size_t bases, std::size_t tags) {
  std::string bytes(36 + name + 4 * cigar + (bases + 1) / 2 + bases + tags, '\0');
  const auto put = [&bytes](std::size_t at, auto number) {
    std::memcpy(bytes.data() + at, &number, sizeof number);
  };
  put(0, static_cast<std::uint32_t>(bytes.size() - 4));
  put(12, static_cast<std::uint8_t>(name));
  put(16, static_cast<std::uint16_t>(cigar));
  put(20, static_cast<std::uint32_t>(bases));
  return bytes;
}

// The sizes of the payloads.
std::vector<std::size_t> cuts_of(std::string_view records) {
  std::vector<std::size_t> sizes;
  BlockCutter cutter(true);
  while (!records.empty()) {
    const std::string_view payload = cutter.cut(records);
    REQUIRE(!payload.empty());
    CHECK(payload.size() <= mrf::codec::bgzf_payload);
    sizes.push_back(payload.size());
    if (!cutter.fields().empty()) CHECK(cutter.fields().back().end == payload.size());
  }
  return sizes;
}

}  // namespace

TEST_CASE("block cutter: the fields of a record") {
  std::string bytes = record(5, 2, 7, 11);
  std::string_view rest = bytes;
  BlockCutter cutter(true);
  CHECK(cutter.cut(rest) == bytes);
  const std::vector<std::pair<std::uint32_t, Field>> wanted{{36, Field::fixed},     {41, Field::name},
                                                            {49, Field::fixed},     {53, Field::bases},
                                                            {60, Field::qualities}, {71, Field::tags}};
  REQUIRE(cutter.fields().size() == wanted.size());
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    CHECK(cutter.fields()[at].end == wanted[at].first);
    CHECK(cutter.fields()[at].field == wanted[at].second);
  }
}

TEST_CASE("block cutter: lengths that do not fit a record stay within it") {
  std::string bytes = record(5, 2, 7, 11);
  const std::uint32_t huge = 0xffffffff;
  std::memcpy(bytes.data() + 20, &huge, sizeof huge);
  CHECK(cuts_of(bytes + bytes) == std::vector<std::size_t>{2 * bytes.size()});
}

TEST_CASE("block cutter: whole records as far as they fit, and larger ones by themselves") {
  const std::string small = record(10, 1, 100, 50);
  const std::string half = record(10, 1, 20000, 0);
  const std::string large = record(10, 1, 100000, 0);
  const std::string exact = record(1, 0, 0, mrf::codec::bgzf_payload - 37);
  CHECK(cuts_of(small) == std::vector<std::size_t>{small.size()});
  CHECK(cuts_of(half + half + half) == std::vector<std::size_t>{2 * half.size(), half.size()});
  CHECK(cuts_of(exact + small) == std::vector<std::size_t>{mrf::codec::bgzf_payload, small.size()});
  CHECK(cuts_of(small + large + small) ==
        std::vector<std::size_t>{small.size(), mrf::codec::bgzf_payload, mrf::codec::bgzf_payload,
                                 large.size() - 2 * mrf::codec::bgzf_payload, small.size()});
}

namespace {

using Spans = std::vector<std::pair<std::uint32_t, Field>>;

std::vector<Spans> fields_of(std::string_view records) {
  std::vector<Spans> fields;
  BlockCutter cutter(true);
  while (!records.empty()) {
    cutter.cut(records);
    fields.emplace_back();
    for (const auto& span : cutter.fields()) fields.back().emplace_back(span.end, span.field);
  }
  return fields;
}

}  // namespace

TEST_CASE("block cutter: the fields of the pieces of a record") {
  const std::string small = record(5, 2, 7, 11);
  const std::vector<Spans> fields = fields_of(record(10, 1, 100001, 7) + small);
  REQUIRE(fields.size() == 4);
  CHECK(fields[0] == Spans{{36, Field::fixed},
                           {46, Field::name},
                           {50, Field::fixed},
                           {50051, Field::bases},
                           {65280, Field::qualities}});
  CHECK(fields[1] == Spans{{65280, Field::qualities}});
  CHECK(fields[2] == Spans{{150052 - 2 * 65280, Field::qualities}, {150059 - 2 * 65280, Field::tags}});
  CHECK(fields[3].size() == 6);
}

TEST_CASE("block cutter: pieces that are mostly tags have no fields, and a CIGAR of many operations is one") {
  for (const Spans& fields : fields_of(record(10, 1, 10, 200000))) CHECK(fields.empty());
  const std::vector<Spans> fields = fields_of(record(10, 30000, 100000, 0));
  REQUIRE(fields.size() == 5);
  CHECK(fields[0] == Spans{{36, Field::fixed}, {46, Field::name}, {65280, Field::cigar}});
  CHECK(fields[1] == Spans{{120046 - 65280, Field::cigar}, {65280, Field::bases}});
  CHECK(fields[2] == Spans{{170046 - 2 * 65280, Field::bases}, {65280, Field::qualities}});
}

TEST_CASE("block cutter: what is closed is what blocks would be, however much follows") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::string records;
    std::vector<std::size_t> ends;
    while (records.size() < 400000) {
      records += record(1 + random() % 200, random() % 9, random() % (random() % 20 == 0 ? 90000 : 3000),
                        random() % 300);
      ends.push_back(records.size());
    }
    const std::vector<std::size_t> whole = cuts_of(records);
    // The same records in two parts: the last payload of the first part waits for the second.
    const std::size_t at = ends[random() % ends.size()];
    const std::size_t closed = BlockCutter::closed(std::string_view(records).substr(0, at));
    std::vector<std::size_t> sizes =
        closed == 0 ? std::vector<std::size_t>{} : cuts_of(records.substr(0, closed));
    const auto rest = cuts_of(records.substr(closed));
    sizes.insert(sizes.end(), rest.begin(), rest.end());
    CHECK(sizes == whole);
    CHECK(at - closed <= mrf::codec::bgzf_payload);
  }
}
