// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "base/amounts.h"
#include "run/progress.h"
#include "run/stall.h"

using mrf::run::EndUse;

TEST_CASE("the bar shows share, rate and time left, and fits") {
  const mrf::run::InputPosition half{50 << 20, 100 << 20};
  CHECK(mrf::run::progress_bar(half, 10, 40) == "[######.......]  50%    5.0 MiB/s  00:10");
  CHECK(mrf::run::progress_bar({0, 100}, 0, 39) == "[............]   0%        0 B/s  --:--");
  CHECK(mrf::run::progress_bar({100, 100}, 1, 39).starts_with("[############] 100%"));
  CHECK(mrf::run::progress_bar({3 << 20, std::nullopt}, 2, 79) == "  3.0 MiB    1.5 MiB/s");
  for (std::size_t columns = 1; columns < 200; ++columns) {
    CHECK(mrf::run::progress_bar(half, 1e9, columns).size() <= columns);
  }
  CHECK(mrf::run::progress_sentence(half, 10) == "50% of 100 MiB, 5.0 MiB/s, 00:10 left");
  CHECK(mrf::run::progress_sentence({3 << 20, std::nullopt}, 2) == "read 3.0 MiB, 1.5 MiB/s");
  CHECK(mrf::run::progress_sentence({3 << 20, std::nullopt, true}, 2) == "all is read");
}

TEST_CASE("who waits at a FIFO") {
  CHECK(mrf::run::describe_wait({EndUse::unopened, EndUse::open, 65536, true}, "a", "b") ==
        "'a' waits to write, 'b' has not opened it");
  CHECK(mrf::run::describe_wait({EndUse::open, EndUse::open, 65536, true}, "a", "b") ==
        "'a' waits to write, 'b' does not read");
  CHECK(mrf::run::describe_wait({EndUse::unopened, EndUse::open, 5, false}, "a", "b") ==
        "'a' has written to it, 'b' has not opened it");
  CHECK(mrf::run::describe_wait({EndUse::open, EndUse::unopened, 0, false}, "a", "b") ==
        "'b' waits to read, 'a' has not opened it");
  CHECK(mrf::run::describe_wait({EndUse::open, EndUse::open, 0, false}, "a", "b") ==
        "'b' waits to read, 'a' does not write");
  CHECK(mrf::run::describe_wait({EndUse::unopened, EndUse::unopened, 0, false}, "a", "b") ==
        "neither 'a' nor 'b' has opened it");
  CHECK(mrf::run::describe_wait({EndUse::open, EndUse::open, 10, false}, "a", "b").empty());
  CHECK(mrf::run::describe_wait({EndUse::through, EndUse::open, 0, false}, "a", "b").empty());
  CHECK(mrf::run::describe_wait({EndUse::open, EndUse::through, 0, false, true}, "a", "b") ==
        "'b' waits to read, what 'a' left behind does not write");
  CHECK(mrf::run::describe_wait({EndUse::through, EndUse::open, 4096, true, true}, "a", "b") ==
        "'a' waits to write, what 'b' left behind does not read");
  CHECK(mrf::run::describe_wait({EndUse::open, EndUse::through, 5, false, true}, "a", "b").empty());
}

TEST_CASE("amounts for people") {
  CHECK(mrf::base::readable_bytes(999) == "999 B");
  CHECK(mrf::base::readable_bytes(1000) == "1.0 KiB");
  CHECK(mrf::base::readable_bytes(1e12) == "931 GiB");
  CHECK(mrf::base::readable_seconds(65) == "01:05");
  CHECK(mrf::base::readable_seconds(7325) == "2:02:05");
  CHECK(mrf::base::readable_seconds(1e30) == "long");
}
