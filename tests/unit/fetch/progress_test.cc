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

TEST_CASE("the line of a list: files, bytes, percent, rate and time left, as much as fits") {
  const mrf::fetch::ListState state{300, 12, 3650722202, 9771050598, false, 125829120, 48.6};
  CHECK(mrf::fetch::list_line(state, 79) == "12 of 300 files, 3.4 GiB of 9.1 GiB  37%   120 MiB/s 00:49");
  CHECK(mrf::fetch::list_line(state, 57) == "12 of 300 files  37%   120 MiB/s 00:49");
  CHECK(mrf::fetch::list_line(state, 37) == "12/300 files  37%   120 MiB/s 00:49");
  CHECK(mrf::fetch::list_line(state, 34) == "12/300  37%   120 MiB/s 00:49");
  CHECK(mrf::fetch::list_line(state, 20) == "12/300  37%");
  CHECK(mrf::fetch::list_line(state, 8) == "12/300");
  CHECK(mrf::fetch::list_line(state, 3) == "12/");
  const mrf::fetch::ListState estimate{20000, 12345, 1 << 20, 2 << 20, true, 1 << 18, 4000};
  CHECK(mrf::fetch::list_line(estimate, 39) == "12345/20000  50%   256 KiB/s ~1:06:40");
  CHECK(mrf::fetch::list_line(estimate, 79) ==
        "12345 of 20000 files, 1.0 MiB of ~2.0 MiB  50%   256 KiB/s ~1:06:40");
  CHECK(mrf::fetch::list_line({5, 0, 0, std::nullopt, false, 0, std::nullopt}, 79) ==
        "0 of 5 files, 0 B       0 B/s");
}

namespace {

mrf::fetch::Outcome ended(mrf::fetch::Outcome::End end, std::uint64_t bytes) {
  mrf::fetch::Outcome outcome;
  outcome.end = end;
  outcome.bytes = bytes;
  return outcome;
}

}  // namespace

TEST_CASE("a list knows its size from the list, from what the servers say, and from those that failed") {
  using End = mrf::fetch::Outcome::End;
  const auto lines = written([&] {
    mrf::base::set_verbosity(mrf::base::Verbosity::normal);
    mrf::fetch::ProgressDisplay display(mrf::fetch::ProgressStyle::log, std::chrono::seconds(0));
    display.begin_list({4, 1, 100});
    const auto a = display.begin("a", 100);
    const auto b = display.begin("b");
    display.update(b, 50, 300);
    display.end(a, ended(End::there, 100));
    display.drop(b, 300);
    display.end(display.begin("c"), ended(End::failed, 0));
    display.end(display.begin("b", 300), ended(End::fetched, 300));
    display.end(display.begin("d"), ended(End::fetched, 200));
    mrf::base::set_verbosity(mrf::base::Verbosity::quiet);
  });
  CAPTURE(lines);
  CHECK(lines.find("0 of 4 files, 0 B of ~400 B   0%") != std::string::npos);
  CHECK(lines.find("0 of 4 files, 50 B of ~800 B   6%") != std::string::npos);
  CHECK(lines.find("1 of 4 files, 150 B of ~800 B  19%") != std::string::npos);
  CHECK(lines.find("2 of 4 files, 100 B of ~533 B  19%") != std::string::npos);
  CHECK(lines.find("3 of 4 files, 400 B of ~533 B  75%") != std::string::npos);
  CHECK(lines.find("4 of 4 files, 600 B of 600 B 100%") != std::string::npos);
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
