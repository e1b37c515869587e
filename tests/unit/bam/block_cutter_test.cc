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

struct Cuts {
  std::vector<std::size_t> sizes;
  std::size_t pieces = 0;
};

Cuts cuts_of(std::string_view records) {
  Cuts cuts;
  BlockCutter cutter(true);
  while (!records.empty()) {
    const std::string_view payload = cutter.cut(records);
    REQUIRE(!payload.empty());
    CHECK(payload.size() <= mrf::codec::bgzf_payload);
    cuts.sizes.push_back(payload.size());
    cuts.pieces += cutter.fields().empty() ? 1 : 0;
    if (!cutter.fields().empty()) CHECK(cutter.fields().back().end == payload.size());
  }
  return cuts;
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
  CHECK(cuts_of(bytes + bytes).sizes == std::vector<std::size_t>{2 * bytes.size()});
}

TEST_CASE("block cutter: whole records as far as they fit, and larger ones by themselves") {
  const std::string small = record(10, 1, 100, 50);
  const std::string half = record(10, 1, 20000, 0);
  const std::string large = record(10, 1, 100000, 0);
  const std::string exact = record(1, 0, 0, mrf::codec::bgzf_payload - 37);
  CHECK(cuts_of(small).sizes == std::vector<std::size_t>{small.size()});
  CHECK(cuts_of(half + half + half).sizes == std::vector<std::size_t>{2 * half.size(), half.size()});
  CHECK(cuts_of(exact + small).sizes == std::vector<std::size_t>{mrf::codec::bgzf_payload, small.size()});
  const Cuts cuts = cuts_of(small + large + small);
  CHECK(cuts.sizes == std::vector<std::size_t>{small.size(), mrf::codec::bgzf_payload,
                                               mrf::codec::bgzf_payload,
                                               large.size() - 2 * mrf::codec::bgzf_payload, small.size()});
  CHECK(cuts.pieces == 3);
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
    const Cuts whole = cuts_of(records);
    // The same records in two parts: the last payload of the first part waits for the second.
    const std::size_t at = ends[random() % ends.size()];
    const std::size_t closed = BlockCutter::closed(std::string_view(records).substr(0, at));
    std::vector<std::size_t> sizes =
        closed == 0 ? std::vector<std::size_t>{} : cuts_of(records.substr(0, closed)).sizes;
    const auto rest = cuts_of(records.substr(closed)).sizes;
    sizes.insert(sizes.end(), rest.begin(), rest.end());
    CHECK(sizes == whole.sizes);
    CHECK(at - closed <= mrf::codec::bgzf_payload);
  }
}
