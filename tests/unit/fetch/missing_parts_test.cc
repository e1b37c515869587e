// SPDX-License-Identifier: MIT
#include "fetch/missing_parts.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace {

using mrf::fetch::ByteRange;
using mrf::fetch::MissingParts;

// "AT-END" for each part, with "?" behind a sample.
std::string text_of(const MissingParts& parts) {
  std::string text;
  for (const auto& [end, part] : parts)
    text += std::to_string(part.at) + "-" + std::to_string(end) + (part.is_sample ? "? " : " ");
  return text;
}

}  // namespace

TEST_CASE("missing parts: the gaps, cut from their fronts, and split") {
  MissingParts parts;
  parts.fill({{0, 5}, {7, 20}}, 100);
  CHECK(text_of(parts) == "5-7 20-100 ");
  CHECK(parts.there(100) == std::vector<ByteRange>{{0, 5}, {7, 20}});
  CHECK(parts.cut(parts.find(7), 10) == parts.find(7));
  parts.at(7).owner = 1;
  const auto cut = parts.cut(parts.next_to_ask(), 10);
  CHECK(text_of(parts) == "5-7 20-30 30-100 ");
  cut->second.owner = 2;
  parts.at(100).owner = 3;
  CHECK(parts.next_to_ask() == parts.end());
  const auto rest = parts.split(parts.find(100), 50);
  CHECK(text_of(parts) == "5-7 20-30 30-80 80-100 ");
  CHECK(rest->second.owner == 0);
  CHECK(parts.at(80).owner == 3);
  parts.release(3);
  CHECK(parts.at(80).owner == 0);
  CHECK_FALSE(parts.is_idle());
}

TEST_CASE("missing parts: samples come first, and are there; what is lost takes their place") {
  MissingParts parts;
  const std::vector<ByteRange> there{{0, 40}, {60, 100}};
  parts.fill(there, 200);
  parts.add_samples(there, 10, 4, [] { return 0.51; });
  CHECK(text_of(parts) == "0-10? 40-60 60-70? 90-100? 100-200 ");
  CHECK(parts.there(200) == there);
  for (const std::uint64_t end : {10, 70, 100}) {
    CHECK(parts.next_to_ask() == parts.find(end));
    parts.next_to_ask()->second.owner = end;
  }
  CHECK(parts.next_to_ask() == parts.end());
  for (const std::uint64_t end : {10, 70}) parts.erase(parts.find(end));
  parts.put_back({92, 98});
  CHECK(text_of(parts) == "40-60 92-98 100-200 ");
  CHECK(parts.next_to_ask() == parts.find(60));
}

TEST_CASE("missing parts: samples lie in what is there and never in each other") {
  std::mt19937 generator(1);
  const auto random = [&] { return static_cast<double>(generator() % 1000) / 1000.0; };
  for (int turn = 0; turn < 2000; ++turn) {
    std::vector<ByteRange> there;
    for (std::uint64_t at = generator() % 3; there.size() < generator() % 5;) {
      there.emplace_back(at, at + 1 + generator() % 20);
      at = there.back().second + 1 + generator() % 9;
    }
    MissingParts parts;
    parts.fill(there, 200);
    parts.add_samples(there, 1 + generator() % 9, 4, random);
    REQUIRE(parts.there(200) == there);
    std::uint64_t last = 0;
    for (const auto& [end, part] : parts) {
      REQUIRE(last <= part.at);
      REQUIRE(part.at < end);
      last = end;
    }
  }
}
