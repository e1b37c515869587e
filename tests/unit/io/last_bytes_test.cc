// SPDX-License-Identifier: MIT
#include "io/last_bytes.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "directory.h"
#include "io/fd.h"

namespace {

using mrf::io::LastBytes;
using mrf::io::read_last_bytes;

// Whether `kept` is the text of the last so many units.
bool is_end_of_units(const std::vector<std::string>& units, std::string_view kept) {
  for (auto unit = units.rbegin(); unit != units.rend() && !kept.empty(); ++unit) {
    if (!kept.ends_with(*unit)) return false;
    kept.remove_suffix(unit->size());
  }
  return kept.empty();
}

TEST_CASE("what is kept are whole units, the last ones, and nearly as many as there is room for") {
  const Directory directory;
  const std::string path = directory / "kept";
  std::mt19937 random(7);
  for (const std::size_t capacity : {1, 2, 100, 1000, 4096, 100000}) {
    for (const std::size_t largest : {1, 50, 3000}) {
      LastBytes kept(path, capacity, capacity);
      kept.add_header("head");
      kept.add_header("er\n");
      std::vector<std::string> units;
      std::size_t all = 0;  // bytes of the units
      for (int number = 0; number < 300; ++number) {
        std::string unit(1 + random() % largest, static_cast<char>('a' + number % 26));
        const std::size_t cut = random() % 3 == 0 ? random() % unit.size() : unit.size();
        if (cut < unit.size()) {
          kept.add(std::string_view(unit).substr(0, cut));
          // A unit in the making is not there, and takes nothing of those that have room beside it.
          const auto now = read_last_bytes(path);
          REQUIRE(now.has_value());
          REQUIRE(is_end_of_units(units, now->units));
        }
        kept.add(std::string_view(unit).substr(cut < unit.size() ? cut : 0));
        kept.end_unit(kept.end());
        kept.keep_to(kept.end());
        all += unit.size();
        units.push_back(std::move(unit));
        const auto now = read_last_bytes(path);
        REQUIRE(now.has_value());
        CHECK(now->header == "header\n");
        REQUIRE(now->units.size() <= capacity);
        REQUIRE(is_end_of_units(units, now->units));
        const std::size_t spacing = std::min<std::size_t>(4096, capacity / 16);
        REQUIRE(now->given == all);
        if (units.back().size() <= capacity)
          REQUIRE(now->units.size() >= std::min(all, capacity - std::min(capacity, spacing + largest)));
        if (units.back().size() <= capacity) REQUIRE(now->units.size() >= units.back().size());
      }
    }
  }
}

TEST_CASE("the ends of units are told before their bytes come, which come many units at a time") {
  const Directory directory;
  const std::string path = directory / "kept";
  std::mt19937 random(11);
  for (const std::size_t capacity : {100, 5000, 200000}) {
    for (const std::size_t largest : {1, 60, 3000, 40000}) {
      LastBytes kept(path, capacity, capacity);
      kept.add_header("header");
      std::string all;
      std::vector<std::size_t> ends{0};
      std::uint64_t next_end = 0;
      for (int number = 0; number < 1000; ++number) {
        all.append(1 + random() % largest, static_cast<char>('a' + number % 26));
        ends.push_back(all.size());
        if (all.size() >= next_end) next_end = kept.end_unit(all.size());
        if (random() % 5 != 0) continue;
        // Some of what waits is given, up to the end of a unit or into one.
        const std::size_t to = kept.end() + random() % (all.size() - kept.end() + 1);
        const std::size_t end = *std::prev(std::upper_bound(ends.begin(), ends.end(), to));
        kept.add(std::string_view(all).substr(kept.end(), to - kept.end()));
        kept.keep_to(end);
        const auto now = read_last_bytes(path);
        REQUIRE(now.has_value());
        CHECK(now->header == "header");
        REQUIRE(now->given == end);
        const std::size_t size = now->units.size();
        REQUIRE(size <= capacity);
        REQUIRE(now->units == all.substr(end - size, size));
        REQUIRE(std::binary_search(ends.begin(), ends.end(), end - size));
        const std::size_t spacing = std::min<std::size_t>(4096, capacity / 16);
        REQUIRE(size + (to - end) + spacing + largest >= std::min<std::size_t>(to, capacity));
      }
    }
  }
}

TEST_CASE("a ring that grows keeps what it had, in its new places") {
  const Directory directory;
  const std::string path = directory / "kept";
  constexpr std::size_t first = std::size_t{1} << 20;
  LastBytes kept(path, first, 4 * first);
  kept.add_header("header");
  std::vector<std::string> units;
  const auto add = [&](std::size_t size) {
    units.emplace_back(size, static_cast<char>('a' + units.size() % 26));
    kept.add(units.back());
    kept.end_unit(kept.end());
    kept.keep_to(kept.end());
  };
  for (int number = 0; number < 100; ++number) add(first / 30 + 7);
  const std::size_t before = read_last_bytes(path)->units.size();
  CHECK(before <= first);
  kept.add("part ");
  kept.keep_more(first + 1);
  CHECK(read_last_bytes(path)->units.size() == before);
  kept.add("of a unit");
  kept.end_unit(kept.end());
  kept.keep_to(kept.end());
  units.emplace_back("part of a unit");
  CHECK(read_last_bytes(path)->units.size() == before + units.back().size());
  CHECK(is_end_of_units(units, read_last_bytes(path)->units));
  for (int number = 0; number < 100; ++number) add(first / 30 + 7);
  kept.keep_more(100 * first);
  for (int number = 0; number < 200; ++number) add(first / 30 + 7);
  const auto last = read_last_bytes(path);
  CHECK(last->header == "header");
  CHECK(is_end_of_units(units, last->units));
  CHECK(last->units.size() > 3 * first);
  CHECK(last->units.size() <= 4 * first);
}

TEST_CASE("after a failure nothing is kept, and no end of a unit has to be told") {
  const Directory directory;
  const std::string path = directory / "kept";
  LastBytes kept(path, 1000, 1000);
  kept.add("unit\n");
  CHECK(kept.end_unit(kept.end()) < 1000);
  kept.keep_to(kept.end());
  // The file has fewer bytes than are asked for.
  const mrf::io::Fd empty = mrf::io::open_file("/dev/null", O_RDONLY);
  kept.add(empty, 0, 1);
  CHECK_FALSE(kept.is_keeping());
  CHECK(kept.end_unit(4096) == std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(read_last_bytes(path).has_value());
}

TEST_CASE("what is no such file keeps nothing") {
  const Directory directory;
  CHECK_FALSE(read_last_bytes(directory / "missing"));
  CHECK_FALSE(read_last_bytes("/dev/null"));
  CHECK_FALSE(read_last_bytes(directory / ""));
}

}  // namespace
