// SPDX-License-Identifier: MIT
#include "fetch/progress.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"

namespace {

// What `call` writes to standard error.
std::string written(const std::function<void()>& call) {
  char name[] = "/tmp/mrf-unit-XXXXXX";
  const mrf::io::Fd file(mrf::io::adopt_fd, ::mkstemp(name));
  REQUIRE(::unlink(name) == 0);
  const mrf::io::Fd before = mrf::io::duplicate(mrf::io::FdRef(STDERR_FILENO));
  REQUIRE(::dup2(file.get(), STDERR_FILENO) >= 0);
  call();
  REQUIRE(::dup2(before.get(), STDERR_FILENO) >= 0);
  std::string text(10000, '\0');
  text.resize(static_cast<std::size_t>(::pread(file.get(), text.data(), text.size(), 0)));
  return text;
}

}  // namespace

TEST_CASE("a line has name, percent, rate and time left, and never more than the columns") {
  CHECK(mrf::fetch::progress_line("x.bam", 512 << 10, 1 << 20, 1 << 18, 80) ==
        "x.bam  50%   256 KiB/s 00:02");
  CHECK(mrf::fetch::progress_line("x.bam", 0, 10, 0, 80) == "x.bam   0%       0 B/s");
  CHECK(mrf::fetch::progress_line("x.bam", 5, std::nullopt, 2000, 80) == "x.bam 5 B   2.0 KiB/s");
  CHECK(mrf::fetch::progress_line("x.bam", 0, 0, 0, 80) == "x.bam 100%       0 B/s");
  CHECK(mrf::fetch::progress_line("x.bam", 0, std::uint64_t{1} << 40, 1e8, 80) ==
        "x.bam   0%  95.4 MiB/s 3:03:15");
  CHECK(mrf::fetch::progress_line("x.bam", 0, std::uint64_t{1} << 40, 1, 80).ends_with(" long"));
  const std::string name(100, 'n');
  for (const std::size_t columns : {79, 39}) {
    const auto line = mrf::fetch::progress_line(name + ".bam", 512 << 10, 1 << 20, 1 << 18, columns);
    CHECK(line.size() == columns);
    CHECK(line.starts_with("...n"));
    CHECK(line.ends_with("n.bam  50%   256 KiB/s 00:02"));
  }
}

TEST_CASE("a log has a line of a file now and then, with -q none") {
  const auto log = [](std::chrono::steady_clock::duration every, mrf::base::Verbosity verbosity) {
    return written([&] {
      mrf::base::set_verbosity(verbosity);
      mrf::fetch::ProgressDisplay display(mrf::fetch::ProgressStyle::log, every);
      const auto file = display.begin("x.bam");
      display.update(file, 10, 100);
      display.update(file, 20, 100);
      display.end(file, {});
      mrf::base::set_verbosity(mrf::base::Verbosity::quiet);
    });
  };
  const auto lines = log({}, mrf::base::Verbosity::normal);
  CHECK(lines.find(": x.bam  10% ") != std::string::npos);
  CHECK(lines.find(": x.bam  20% ") != std::string::npos);
  CHECK(lines.find('\x1b') == std::string::npos);
  CHECK(log(std::chrono::hours(1), mrf::base::Verbosity::normal).empty());
  CHECK(log({}, mrf::base::Verbosity::quiet).empty());
}

TEST_CASE("a name does not steer the terminal that the bar is drawn on") {
  const auto bar = written([] {
    mrf::fetch::ProgressDisplay display(mrf::fetch::ProgressStyle::bar);
    display.update(display.begin("x\x1b]0;title\x07.bam"), 0, 100);
  });
  CHECK(bar.find("x\\x1b]0;title\\x07.bam") != std::string::npos);
  CHECK(bar.find('\x07') == std::string::npos);
}

TEST_CASE("styles by name, and by what standard error is") {
  CHECK(mrf::fetch::parse_progress_style("bar") == mrf::fetch::ProgressStyle::bar);
  CHECK(mrf::fetch::parse_progress_style("json") == mrf::fetch::ProgressStyle::json);
  (void)written([] { CHECK(mrf::fetch::parse_progress_style("") == mrf::fetch::ProgressStyle::log); });
  CHECK_THROWS_AS(mrf::fetch::parse_progress_style("loud"), mrf::base::UsageError);
}
