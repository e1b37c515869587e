// SPDX-License-Identifier: MIT
#include "io/last_bytes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "directory.h"

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
      LastBytes kept(path, capacity);
      kept.add_header("head");
      kept.add_header("er\n");
      std::vector<std::string> units;
      std::size_t all = 0;  // bytes of the units
      for (int number = 0; number < 300; ++number) {
        std::string unit(1 + random() % largest, static_cast<char>('a' + number % 26));
        const std::size_t cut = random() % 3 == 0 ? random() % unit.size() : unit.size();
        if (cut < unit.size()) {
          kept.add(std::string_view(unit).substr(0, cut), false);
          // A unit in the making is not there, and takes nothing of those that have room beside it.
          const auto now = read_last_bytes(path);
          REQUIRE(now.has_value());
          REQUIRE(is_end_of_units(units, now->units));
        }
        kept.add(std::string_view(unit).substr(cut < unit.size() ? cut : 0), true);
        all += unit.size();
        units.push_back(std::move(unit));
        const auto now = read_last_bytes(path);
        REQUIRE(now.has_value());
        CHECK(now->header == "header\n");
        REQUIRE(now->units.size() <= capacity);
        REQUIRE(is_end_of_units(units, now->units));
        const std::size_t spacing = std::min<std::size_t>(4096, capacity / 16);
        if (units.back().size() <= capacity)
          REQUIRE(now->units.size() >= std::min(all, capacity - std::min(capacity, spacing + largest)));
        if (units.back().size() <= capacity) REQUIRE(now->units.size() >= units.back().size());
      }
    }
  }
}

// An output whose records wait where they are kept.
class Waiting {
 public:
  explicit Waiting(LastBytes& last) : last_(last) {}

  void put(const std::string& unit, bool is_whole) {
    const auto room = last_.reserve(end_, unit.size());
    REQUIRE(room.size() == unit.size());
    std::copy(unit.begin(), unit.end(), room.begin());
    end_ += unit.size();
    given_ += unit;
    if (is_whole) last_.end_unit(end_);
  }
  void write(std::size_t size) {
    last_.give(written_ + size);
    CHECK(std::string(last_.at(written_), size) == given_.substr(written_, size));
    written_ += size;
    last_.set_written(written_);
  }
  std::size_t waiting() const { return end_ - written_; }
  std::size_t written() const { return written_; }

 private:
  LastBytes& last_;
  std::string given_;
  std::size_t end_ = 0;
  std::size_t written_ = 0;
};

TEST_CASE("units that wait where they are kept: what was written of them is there, however much waits") {
  const Directory directory;
  const std::string path = directory / "kept";
  std::mt19937 random(11);
  for (const std::size_t capacity : {100, 5000, 100000}) {
    for (const std::size_t largest : {1, 60, 3000, 40000}) {
      LastBytes last(path, capacity);
      last.add_header("header");
      Waiting output(last);
      std::vector<std::string> units;
      std::string all;
      std::vector<std::size_t> ends{0};  // of the units within `all`
      std::size_t least_given = 0;
      for (int number = 0; number < 400; ++number) {
        std::string unit(1 + random() % largest, static_cast<char>('a' + number % 26));
        const std::size_t cut = random() % 3 == 0 ? random() % unit.size() : unit.size();
        if (cut < unit.size()) output.put(unit.substr(0, cut), false);
        if (cut < unit.size() && random() % 2 == 0) output.write(output.waiting());
        output.put(unit.substr(cut < unit.size() ? cut : 0), true);
        all += unit;
        ends.push_back(all.size());
        units.push_back(std::move(unit));
        // More and more waits, and at last all is written.
        if (random() % 3 == 0 || number == 399) {
          output.write(number == 399 ? output.waiting() : random() % (output.waiting() + 1));
          least_given = output.written();
        }
        const auto now = read_last_bytes(path);
        REQUIRE(now.has_value());
        CHECK(now->header == "header");
        REQUIRE(now->units.size() <= capacity);
        REQUIRE(now->given >= now->units.size());
        REQUIRE(std::string_view(all).substr(now->given - now->units.size(), now->units.size()) ==
                now->units);
        const auto end = std::find(ends.begin(), ends.end(), now->given);
        REQUIRE(end != ends.end());
        const std::vector<std::string> given(units.begin(), units.begin() + (end - ends.begin()));
        REQUIRE(is_end_of_units(given, now->units));
        if (number == 399) CHECK(now->given == all.size());
        // All that was written of units that were whole then.
        REQUIRE(now->given >= least_given);
        const std::size_t spacing = std::min<std::size_t>(4096, capacity / 16);
        REQUIRE(now->units.size() + 2 * (spacing + largest) >= std::min<std::size_t>(now->given, capacity));
      }
    }
  }
}

TEST_CASE("what is no such file keeps nothing") {
  const Directory directory;
  CHECK_FALSE(read_last_bytes(directory / "missing"));
  CHECK_FALSE(read_last_bytes("/dev/null"));
  CHECK_FALSE(read_last_bytes(directory / ""));
}

}  // namespace
