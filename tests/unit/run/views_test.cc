// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/amounts.h"
#include "io/fd.h"
#include "run/input_tracker.h"
#include "run/progress.h"
#include "run/progress_view.h"
#include "run/stall.h"

using mrf::run::EndUse;

using mrf::run::InputPosition;
using mrf::run::ProgressState;

TEST_CASE("the bar shows share, rate, elapsed and left time and the busiest job, and fits") {
  const InputPosition half{50 << 20, 100 << 20, false, {}};
  const InputPosition counted{50 << 20, 100 << 20, false, 2140000};
  const InputPosition unknown{3 << 20, {}, false, {}};
  CHECK(mrf::run::progress_bar({half, 10, "work", 6}, 79) ==
        "[################.................]  50%   5.0 MiB/s  00:10  00:10 left  work  ");
  CHECK(mrf::run::progress_bar({counted, 10, "work", 6}, 79) ==
        "[################.................]  50%  214k rec/s  00:10  00:10 left  work  ");
  CHECK(mrf::run::progress_bar({half, 10, "work", 6}, 39) == "[####....]  50%   5.0 MiB/s  00:10 left");
  CHECK(mrf::run::progress_bar({half, 10, "work", 6}, 30) == "[#####......]  50%  00:10 left");
  CHECK(mrf::run::progress_bar({{0, 100, false, {}}, 0, "", 4}, 39) ==
        "[........]   0%       0 B/s  --:-- left");
  CHECK(mrf::run::progress_bar({{100, 100, false, {}}, 1, "", 4}, 39).starts_with("[########] 100%"));
  CHECK(mrf::run::progress_bar({unknown, 2, "a-very-long-name-of-a-job", 16}, 79) ==
        " 3.0 MiB   1.5 MiB/s  00:02  a-very-long-name");
  for (std::size_t columns = 1; columns < 200; ++columns) {
    for (const InputPosition& position : {half, counted, unknown}) {
      CHECK(mrf::run::progress_bar({position, 1e9, "a-very-long-name-of-a-job", 16}, columns).size() <=
            columns);
    }
  }
}

TEST_CASE("the sentence of the progress") {
  const InputPosition half{50 << 20, 100 << 20, false, 2140000};
  CHECK(mrf::run::progress_sentence({half, 10, "work", 6}) ==
        "50% of 100 MiB, 214k rec/s, 5.0 MiB/s, 00:10 left, busiest: work");
  CHECK(mrf::run::progress_sentence({{3 << 20, {}, false, {}}, 2, "", 6}) == "read 3.0 MiB, 1.5 MiB/s");
  CHECK(mrf::run::progress_sentence({{3 << 20, {}, true, {}}, 2, "", 6}) == "all is read");
}

TEST_CASE("the event of the progress has what is known, and null for the rest") {
  CHECK(
      mrf::run::progress_event({{50, 100, false, 7}, 10, "work", 6}).dump() ==
      R"({"event":"progress","elapsed_s":10.0,"share":0.5,"left_s":10.0,"bytes":50,"bytes_total":100,"records":7,)"
      R"("busiest":"work"})");
  CHECK(mrf::run::progress_event({{50, {}, false, {}}, 10, "", 6}).dump() ==
        R"({"event":"progress","elapsed_s":10.0,"share":null,"left_s":null,"bytes":50,"bytes_total":null,)"
        R"("records":null,"busiest":null})");
}

TEST_CASE("events that a reader is too slow for are left out, and the last one never waits for it") {
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  const mrf::run::ProgressOptions options{mrf::run::ProgressStyle::json, pipe.write_end.get()};
  const mrf::run::Json event{{"event", "progress"}, {"text", std::string(1000, 'x')}};
  for (int i = 0; i < 1000; ++i) mrf::run::write_event(options, event, true);
  mrf::run::write_event(options, {{"event", "end"}}, false);
  pipe.write_end.reset();
  std::string text(1 << 20, '\0');
  mrf::io::Meter meter;
  text.resize(mrf::io::read_full(pipe.read_end, "events", text, meter));
  CHECK(text.ends_with("}\n{\"event\":\"end\"}\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') > 2);
}

TEST_CASE("the curve of the input has a bounded number of points, in equal distances, up to the end") {
  mrf::run::Throughput curve(8);
  for (int tick = 0; tick < 10000; ++tick) {
    const double at_s = tick / 10.0;
    if (curve.wants(at_s)) curve.add({at_s, static_cast<std::uint64_t>(tick), {}});
    CHECK(curve.points().size() <= 8);
    CHECK(curve.points().back().at_s >= at_s - curve.interval_s());
  }
  for (std::size_t at = 1; at < curve.points().size(); ++at) {
    const double distance = curve.points()[at].at_s - curve.points()[at - 1].at_s;
    CHECK(distance == doctest::Approx(curve.interval_s()).epsilon(0.01));
    CHECK(curve.points()[at].bytes > curve.points()[at - 1].bytes);
  }
  CHECK(curve.points().size() >= 4);
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
  CHECK(mrf::base::readable_count(999) == "999");
  CHECK(mrf::base::readable_count(999.6) == "1.0k");
  CHECK(mrf::base::readable_count(21400) == "21k");
  CHECK(mrf::base::readable_count(3.44e6) == "3.4M");
  CHECK(mrf::base::readable_seconds(65) == "01:05");
  CHECK(mrf::base::readable_seconds(7325) == "2:02:05");
  CHECK(mrf::base::readable_seconds(1e30) == "long");
}
