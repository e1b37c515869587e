// SPDX-License-Identifier: MIT
#include "fetch/run_plan.h"

#include <doctest/doctest.h>

#include <chrono>

using mrf::fetch::FilePlan;
using mrf::fetch::HostLimit;

TEST_CASE("files come in their order, the large ones last, the smallest of them first") {
  FilePlan plan(4, 2, false);
  CHECK(plan.next() == 0);
  CHECK(plan.next() == 1);
  CHECK_FALSE(plan.next());
  CHECK(plan.puts_off());
  plan.put_off(0, 900);
  CHECK(plan.next() == 2);
  plan.put_off(1, 500);
  CHECK(plan.next() == 3);
  plan.on_end(false);
  CHECK_FALSE(plan.next());
  CHECK_FALSE(plan.is_over());
  plan.on_end(false);
  CHECK_FALSE(plan.is_over());
  CHECK(plan.next() == 1);
  CHECK_FALSE(plan.puts_off());
  CHECK(plan.next() == 0);
  CHECK_FALSE(plan.next());
  plan.on_end(false);
  plan.on_end(false);
  CHECK(plan.is_over());
}

TEST_CASE("after a failure nothing begins, unless the user wants that") {
  FilePlan plan(3, 2, false);
  plan.next();
  plan.next();
  plan.on_end(true);
  CHECK_FALSE(plan.next());
  CHECK_FALSE(plan.is_over());
  plan.on_end(false);
  CHECK(plan.is_over());
  FilePlan other(2, 1, true);
  other.next();
  other.on_end(true);
  CHECK(other.next() == 1);
}

TEST_CASE("a file begins beside one that is only written out, when several come at a time") {
  FilePlan plan(9, 2, false);
  plan.next();
  plan.next();
  CHECK_FALSE(plan.next());
  plan.on_whole();
  CHECK(plan.next() == 2);
  CHECK_FALSE(plan.next());
  plan.on_whole();
  CHECK(plan.next() == 3);
  plan.on_whole();
  CHECK_FALSE(plan.next());
  plan.on_end(false, true);
  CHECK(plan.next() == 4);
  CHECK_FALSE(plan.next());
  FilePlan one(2, 1, false);
  one.next();
  one.on_whole();
  CHECK_FALSE(one.next());
}

TEST_CASE(
    "large files begin beside small ones that are held, and one that turns out to be large comes last") {
  FilePlan plan(5, 2, false, 9, 2);
  plan.next();
  plan.next();
  plan.put_off(1, 900);
  CHECK(plan.next() == 2);
  plan.put_off(2, 500);
  plan.on_held(true);
  CHECK(plan.next() == 3);
  CHECK(plan.next() == 4);
  plan.on_end(false);
  CHECK_FALSE(plan.next());
  plan.on_held(true);
  CHECK(plan.next() == 2);
  CHECK(plan.next() == 1);
  CHECK_FALSE(plan.next());
  for (int small = 0; small < 2; ++small) plan.on_held(false);
  plan.put_off(4, 100);
  for (int ended = 0; ended < 3; ++ended) plan.on_end(false);
  CHECK_FALSE(plan.is_over());
  CHECK(plan.next() == 4);
  plan.on_end(false);
  CHECK(plan.is_over());
}

TEST_CASE("a file begins beside one whose requests are held, until these go on") {
  FilePlan plan(9, 1, false, 3, 2);
  plan.next();
  plan.next();
  CHECK_FALSE(plan.next());
  for (std::size_t held = 1; held <= 3; ++held) {
    plan.on_held(true);
    CHECK(plan.next() == held + 1);
    CHECK_FALSE(plan.next());
  }
  plan.on_held(true);
  CHECK_FALSE(plan.next());
  for (int i = 0; i < 4; ++i) plan.on_held(false);
  for (int i = 0; i < 3; ++i) plan.on_end(false);
  CHECK_FALSE(plan.next());
  plan.on_end(false);
  CHECK(plan.next() == 5);
}

TEST_CASE("more small files than large ones may be written out beside those that come") {
  FilePlan plan(6, 2, false, 3);
  plan.next();
  plan.next();
  for (std::size_t number = 2; number < 5; ++number) {
    plan.on_whole();
    CHECK(plan.next() == number);
  }
  plan.on_whole();
  CHECK_FALSE(plan.next());
}

TEST_CASE("fewer files come at a time when there are fewer threads, and none is no file") {
  FilePlan plan(3, 3, false);
  plan.next();
  plan.limit(1);
  CHECK_FALSE(plan.next());
  plan.on_end(false);
  CHECK(plan.next() == 1);
  CHECK(FilePlan(0, 8, false).is_over());
}

TEST_CASE("more small files than large ones come at a time") {
  FilePlan plan(6, 2, false, 0, 4);
  for (std::size_t number = 0; number < 4; ++number) CHECK(plan.next() == number);
  CHECK_FALSE(plan.next());
  for (std::size_t number = 0; number < 4; ++number) plan.put_off(number, 10 - number);
  CHECK(plan.next() == 4);
  CHECK(plan.next() == 5);
  plan.on_end(false);
  plan.on_end(false);
  CHECK(plan.next() == 3);
  CHECK(plan.next() == 2);
  CHECK_FALSE(plan.next());
  FilePlan few(6, 2, false, 0, 4);
  few.limit(1);
  few.next();
  CHECK_FALSE(few.next());
}

namespace {
constexpr HostLimit::Time after(int milliseconds) {
  return HostLimit::Time() + std::chrono::milliseconds(milliseconds);
}
}  // namespace

TEST_CASE("a host has as many requests under way as it may, the others wait in their order") {
  mrf::fetch::TotalLimit all{100};
  HostLimit limit(2, all);
  const auto now = after(0);
  CHECK(limit.ask("a", 1, now));
  CHECK(limit.ask("a", 2, now));
  CHECK_FALSE(limit.ask("a", 3, now));
  CHECK_FALSE(limit.ask("a", 4, now));
  CHECK_FALSE(limit.ask("a", 5, now));
  CHECK(limit.ask("b", 6, now));
  CHECK_FALSE(limit.next(now));
  limit.release("a");
  limit.withdraw("a", 4);
  CHECK_FALSE(limit.ask("a", 7, now));  // not before those that wait
  CHECK(limit.next(now) == 3);
  CHECK_FALSE(limit.next(now));
  limit.release("a");
  limit.withdraw("a", 5);
  CHECK(limit.next(now) == 7);
  CHECK_FALSE(limit.ask("a", 8, now));
}

TEST_CASE("all hosts together have as many requests as there may be, and have their turns") {
  mrf::fetch::TotalLimit all{2};
  HostLimit limit(10, all);
  const auto now = after(0);
  CHECK(limit.ask("a", 1, now));
  CHECK(limit.ask("a", 2, now));
  CHECK_FALSE(limit.ask("a", 3, now));
  CHECK_FALSE(limit.ask("a", 4, now));
  CHECK_FALSE(limit.ask("b", 5, now));
  CHECK_FALSE(limit.next(now));
  CHECK_FALSE(limit.next_time());
  limit.release("a");
  CHECK(limit.next(now) == 3);
  limit.release("a");
  CHECK(limit.next(now) == 5);
  limit.release("b");
  CHECK(limit.next(now) == 4);
}

TEST_CASE("a busy host waits, then gets half as many requests, and one more for as many successes") {
  mrf::fetch::TotalLimit all{100};
  HostLimit limit(8, all);
  for (HostLimit::Ticket ticket = 1; ticket <= 4; ++ticket) CHECK(limit.ask("a", ticket, after(0)));
  CHECK_FALSE(limit.next_time());
  limit.on_busy("a", after(0), after(500));
  limit.on_busy("a", after(1), after(400));  // sent before, so it says nothing more
  for (HostLimit::Ticket ticket = 1; ticket <= 4; ++ticket) limit.release("a");
  CHECK(limit.ask("b", 20, after(0)));
  for (HostLimit::Ticket ticket = 5; ticket <= 9; ++ticket) CHECK_FALSE(limit.ask("a", ticket, after(0)));
  CHECK_FALSE(limit.next(after(499)));
  CHECK(limit.next_time() == after(500));
  CHECK(limit.next(after(500)) == 5);
  CHECK(limit.next(after(500)) == 6);
  CHECK_FALSE(limit.next(after(500)));
  limit.on_success("a");
  CHECK_FALSE(limit.next(after(500)));
  limit.on_success("a");
  CHECK(limit.next(after(500)) == 7);
  CHECK_FALSE(limit.next(after(500)));
  for (int i = 0; i < 3; ++i) limit.release("a");
  for (int i = 0; i < 9; ++i) limit.on_busy("a", after(1000 + i), after(1001 + i));
  CHECK(limit.next(after(2000)) == 8);  // one at least
  CHECK_FALSE(limit.next(after(2000)));
}
