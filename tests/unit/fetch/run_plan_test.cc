// SPDX-License-Identifier: MIT
#include "fetch/run_plan.h"

#include <doctest/doctest.h>

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

TEST_CASE("a host has as many requests under way as it may, the others wait in their order") {
  HostLimit limit(2);
  CHECK(limit.ask("a", 1));
  CHECK(limit.ask("a", 2));
  CHECK_FALSE(limit.ask("a", 3));
  CHECK_FALSE(limit.ask("a", 4));
  CHECK_FALSE(limit.ask("a", 5));
  CHECK(limit.ask("b", 6));
  CHECK_FALSE(limit.next());
  limit.release("a");
  limit.withdraw("a", 4);
  CHECK(limit.next() == 3);
  CHECK_FALSE(limit.next());
  limit.release("a");
  limit.withdraw("a", 5);
  CHECK_FALSE(limit.next());
  CHECK(limit.ask("a", 7));
  CHECK_FALSE(limit.ask("a", 8));
}
