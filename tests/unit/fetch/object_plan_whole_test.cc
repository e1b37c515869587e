// SPDX-License-Identifier: MIT
// Parts that cannot be had: the object, or the rest of it, comes in one response.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "object_plan_bench.h"

using namespace object_plan_bench;

TEST_CASE("plan: where parts are refused the object comes in one response") {
  Bench bench;
  bench.parallel();
  bench.head(1, head_of({"HTTP/1.1 403 Forbidden"}));
  CHECK(bench.end(1) == Texts{"note 'http://h/x' is fetched in one response, since a part cannot be had: "
                              "Forbidden (HTTP 403)"});
  CHECK(bench.time().empty());
  CHECK(bench.bytes(0, 6) == "0+4 4+2 ");
  CHECK(bench.end(0, EndingKind::interrupted).size() == 1);
  bench.end(2, EndingKind::interrupted);
  bench.end(3, EndingKind::interrupted);
  const auto again = bench.time(std::chrono::seconds(9));
  CHECK(again == Texts{"start 0 http://h/x"});
  CHECK(bench.head(0, whole("a")).empty());
  CHECK(bench.bytes(0, object.size()) == "6+2 8+4 12+4 16+7 ");
  CHECK(bench.plan.is_complete());
}

// Each row: the answer to the request for a part, how it ends, and whether that is at once.
TEST_CASE("plan: a part that cannot be had is left to the whole response that runs") {
  struct Row {
    std::vector<std::string> lines;
    EndingKind ending;
    int tries;
    std::string reason;
  };
  const Row rows[] = {
      {{"HTTP/1.1 204 No Content"},
       EndingKind::stopped,
       4,
       "the server answers No Content (HTTP 204), 4 times"},
      {{"HTTP/1.1 206 P", "Content-Length: 4", "Content-Length: 5"}, EndingKind::stopped, 4, ", 4 times"},
      {{"HTTP/1.1 302 Found"}, EndingKind::complete, 1, "had: the server redirects without saying where to"},
      {{"HTTP/1.1 501 Not Implemented"}, EndingKind::complete, 4, "(HTTP 501), 4 times"},
      {{"HTTP/1.1 503 Busy", "Retry-After: 301"}, EndingKind::complete, 1, "asks to come back in 301 s"},
      {{}, EndingKind::interrupted, 4, "connection reset, 4 times"},
      {{}, EndingKind::failed, 1, "had: connection reset"},
      {{}, EndingKind::malformed, 1, "had: connection reset"},
      {{}, EndingKind::refused, 1, "had: connection reset"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.lines);
    CAPTURE(static_cast<int>(row.ending));
    Bench bench;
    bench.parallel();
    Texts ended;
    for (int i = 0; i < row.tries; ++i) {
      if (i > 0) bench.time(std::chrono::seconds(9));
      if (!row.lines.empty()) bench.head(1, head_of(row.lines));
      ended = bench.end(1, row.ending);
      REQUIRE(ended.size() == 1);
      CHECK(ended[0].starts_with(i + 1 < row.tries ? "warn"
                                                   : "note 'http://h/x' is fetched in one response, "));
    }
    CAPTURE(ended[0]);
    CHECK(ended[0].ends_with(row.reason));
    CHECK(bench.time(std::chrono::hours(1)).empty());
    CHECK(bench.bytes(0, 8) == "0+4 4+4 ");
  }
}

// Each row: the answer to the requests for the part, how they end, and how many there are.
TEST_CASE(
    "plan: a part that the whole response has passed is asked for again, and then another one brings it") {
  struct Row {
    std::vector<std::string> lines;
    EndingKind ending;
    int tries;
  };
  const Row rows[] = {
      {{"HTTP/1.1 403 No"}, EndingKind::complete, 1},
      {{"HTTP/1.1 416 R"}, EndingKind::complete, 4},
      {{"HTTP/1.1 200 OK", "ETag: \"a\"", "Content-Length: 23"}, EndingKind::stopped, 4},
      {{"HTTP/1.1 200 OK", "ETag: \"b\"", "Content-Length: 23"}, EndingKind::stopped, 4},
      {{}, EndingKind::interrupted, 4},
      {{}, EndingKind::failed, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.lines);
    Bench bench;
    bench.parallel(true);
    bench.output.can_forget = false;
    bench.output.room_end = 16;
    bench.part(1, "a", 4, 7);
    bench.head(2, head_of({"HTTP/1.1 503 Busy", "Retry-After: 301"}));
    CHECK(bench.end(2).size() == 1);
    bench.end(3, EndingKind::interrupted);
    CHECK(bench.time().empty());
    CHECK(bench.bytes(0, 16) == "0+4 8+4 12+4 ");
    CHECK_FALSE(bench.plan.has_room(0, 1, bench.output));
    bench.end(1, EndingKind::interrupted);
    Texts ended;
    for (int i = 0; i < row.tries; ++i) {
      const auto asked = bench.time(std::chrono::seconds(i == 0 ? 0 : 9));
      REQUIRE(asked.size() == 1);
      const std::size_t slot = asked[0][6] - '0';
      CHECK(asked[0].ends_with(" http://h/x bytes=4-7 if \"a\""));
      CHECK(bench.time().empty());
      if (!row.lines.empty()) bench.head(slot, head_of(row.lines));
      ended = bench.end(slot, row.ending);
    }
    REQUIRE(ended.size() == 2);
    CHECK(ended[0].starts_with("note 'http://h/x' is fetched in one response, "));
    CHECK(ended[1] == "give up 0");
    CHECK(bench.end(0, EndingKind::stopped).empty());
    CHECK(bench.time(std::chrono::seconds(9)) == Texts{"start 0 http://h/x"});
    CHECK(bench.head(0, whole("a")).empty());
    CHECK(bench.bytes(0, object.size()) == "4+4 16+7 ");
    CHECK(bench.plan.is_complete());
  }
}

TEST_CASE("plan: that it tries again is not said where what is there cannot be taken back") {
  Bench bench({100, 100, 64, 4});
  bench.time();
  bench.head(0, head_of({"HTTP/1.1 200 OK", "Content-Length: 23"}));
  bench.begun(true);
  bench.output.can_forget = false;
  bench.bytes(0, 2);
  CHECK(bench.end(0, EndingKind::interrupted) == Texts{"forget 5 connection reset"});
}

TEST_CASE(
    "plan: a whole response that ends before the part for which it was asked leaves that part to others") {
  Bench bench;
  bench.parallel();
  bench.end(0, EndingKind::interrupted);
  CHECK(bench.head(3, whole("a")).empty());
  CHECK(bench.bytes(3, 2) == "0+2 ");
  for (const std::size_t slot : {1, 2, 3}) bench.end(slot, EndingKind::interrupted);
  CHECK(bench.time(std::chrono::minutes(1)) == Texts{"start 0 http://h/x"});
  CHECK(bench.head(0, whole("a")).empty());
  CHECK(bench.bytes(0, 23) == "2+2 4+4 8+4 12+4 16+7 ");
  CHECK(bench.plan.is_complete());
}

TEST_CASE(
    "plan: a server that sends the whole object for every range, from some time on, is read in one "
    "response") {
  Bench bench;
  bench.parallel();
  bench.part(1, "a", 4, 7);
  bench.bytes(1, 4);
  for (const std::size_t slot : {0, 1, 2, 3}) bench.end(slot, EndingKind::interrupted);
  std::size_t notes = 0;
  for (int answers = 0; !bench.plan.is_complete() && answers < 40; ++answers) {
    for (const std::string& start : bench.time(std::chrono::minutes(1))) {
      REQUIRE(start.starts_with("start "));
      const std::size_t slot = start[6] - '0';
      if (bench.head(slot, whole("a")).empty()) {
        bench.bytes(slot, object.size());
        continue;
      }
      for (const std::string& said : bench.end(slot, EndingKind::stopped)) {
        CHECK_FALSE(said.starts_with("fail"));
        if (said.starts_with("note 'http://h/x' is fetched in one response, ")) ++notes;
      }
    }
  }
  CHECK(bench.plan.is_complete());
  CHECK(notes == 1);
}
