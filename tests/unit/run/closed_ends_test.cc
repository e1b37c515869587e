// SPDX-License-Identifier: MIT
#include "run/closed_ends.h"

#include <doctest/doctest.h>

namespace {

using namespace std::chrono_literals;
using mrf::Side;

// Job 0 writes FIFOs 0 and 1 for jobs 1 and 2.
mrf::Plan two_outputs() {
  mrf::Plan plan;
  plan.jobs.resize(3);
  plan.fifos = {{"p", {0}, 1}, {"q", {0}, 2}};
  return plan;
}

const mrf::ClosedEnds::Clock::time_point start{1h};

}  // namespace

TEST_CASE("a close counts soon while the job may write elsewhere, later when it was the last one") {
  const mrf::Plan plan = two_outputs();
  mrf::ClosedEnds closed(plan);
  CHECK_FALSE(closed.due());
  closed.add({0, Side::writer}, start);
  CHECK(closed.due() == start + 5ms);
  CHECK(closed.take_due(start + 4ms).empty());
  closed.add({1, Side::writer}, start + 4ms);
  CHECK(closed.due() == start + 250ms);
  CHECK(closed.take_due(start + 250ms).size() == 1);
  CHECK(closed.take_due(start + 254ms).size() == 1);
  CHECK_FALSE(closed.due());
}

TEST_CASE("a close that was taken still tells that the job has no other output") {
  const mrf::Plan plan = two_outputs();
  mrf::ClosedEnds closed(plan);
  closed.add({0, Side::writer}, start);
  CHECK(closed.take_due(start + 5ms).size() == 1);
  closed.add({1, Side::writer}, start);
  CHECK(closed.due() == start + 250ms);
}

TEST_CASE("an end that is opened again, or whose job has ended, is forgotten") {
  const mrf::Plan plan = two_outputs();
  mrf::ClosedEnds closed(plan);
  closed.add({0, Side::writer}, start);
  closed.add({0, Side::writer}, start + 1ms);
  closed.forget({0, Side::writer});
  CHECK_FALSE(closed.due());
  closed.add({1, Side::writer}, start);
  CHECK(closed.due() == start + 5ms);
}

TEST_CASE("a reader's close counts late") {
  const mrf::Plan plan = two_outputs();
  mrf::ClosedEnds closed(plan);
  closed.add({0, Side::reader}, start);
  CHECK(closed.due() == start + 250ms);
  CHECK(closed.take_due(start + 250ms).size() == 1);
}
