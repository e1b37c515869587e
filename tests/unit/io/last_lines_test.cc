// SPDX-License-Identifier: MIT
#include "io/last_lines.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using mrf::io::LastLines;

TEST_CASE("a small text is kept whole") {
  LastLines lines;
  CHECK(lines.text().empty());
  lines.add("one");
  lines.add("");
  lines.add("three");
  CHECK(lines.text() == "one\n\nthree\n");
}

TEST_CASE("of a large text the last 64 KiB at least are kept, in whole lines, however long these are") {
  for (const std::size_t size :
       {std::size_t{999}, LastLines::least_bytes - 1, LastLines::least_bytes, 2 * LastLines::least_bytes}) {
    LastLines lines;
    std::string all;
    for (int number = 0; all.size() < 10 * LastLines::least_bytes; ++number) {
      const std::string line(size, static_cast<char>('a' + number % 26));
      lines.add(line);
      all += line + "\n";
      REQUIRE(all.ends_with(lines.text()));
      REQUIRE(lines.text().size() >= std::min(all.size(), LastLines::least_bytes));
      REQUIRE(lines.text().size() % (size + 1) == 0);
      REQUIRE(lines.text().size() <= 2 * LastLines::least_bytes + size + 1);
    }
  }
}
