// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "object_plan_bench.h"

using namespace object_plan_bench;

TEST_CASE("plan: an object in parts, each slot a part, each byte one place") {
  Bench bench;
  CHECK(bench.parallel() == Texts{"start 1 http://h/x bytes=4-7 if \"a\"",
                                  "start 2 http://h/x bytes=8-11 if \"a\"",
                                  "start 3 http://h/x bytes=12-15 if \"a\""});
  CHECK(bench.bytes(0, 2) == "0+2 ");
  CHECK(bench.part(1, "a", 4, 7).empty());
  CHECK(bench.bytes(1, 4) == "4+4 ");
  CHECK(bench.end(1).empty());
  CHECK(bench.time() == Texts{"start 1 http://h/x bytes=16-19 if \"a\""});
  CHECK(bench.bytes(0, 10) == "2+2 end");
  CHECK(bench.end(0, EndingKind::stopped).empty());
  CHECK(bench.time() == Texts{"start 0 http://h/x bytes=20-22 if \"a\""});
  CHECK(bench.plan.bytes() == 8);
}

TEST_CASE("plan: what an earlier run left is not asked for") {
  Bench bench;
  bench.time();
  bench.head(0, whole("a"));
  bench.begun(false, {{{0, 5}, {7, 23}}});
  CHECK(bench.plan.bytes() == 21);
  CHECK(bench.time() == Texts{"start 1 http://h/x bytes=5-6 if \"a\""});
}

TEST_CASE("plan: a size that no file has makes no list of parts") {
  Bench bench;
  bench.time();
  bench.head(0, whole("a", 9000000000000000000));
  bench.begun();
  CHECK(bench.time().size() == 3);
}

// Each row: what the server says to the first request, and what follows.
TEST_CASE("plan: what a first response means") {
  const std::string name = "cannot fetch 'http://h/x': ";
  const struct {
    Texts lines;
    Texts on_head;
    Texts on_end;
  } rows[] = {
      {{"HTTP/1.1 200 OK", "Content-Length: 3"}, {"begin 0"}, {}},
      {{"HTTP/1.1 204 No Content"}, {"fail 3 " + name + "the server answers No Content (HTTP 204)"}, {}},
      {{"HTTP/1.1 206 P", "Content-Length: 3", "Content-Range: bytes 0-2/3"}, {"begin 0"}, {}},
      {{"HTTP/1.1 206 P", "Content-Range: bytes 0-2/4"},
       {"fail 3 " + name +
        "the server answers HTTP 206 with 'Content-Range: bytes 0-2/4' to a request for the whole object"},
       {}},
      {{"HTTP/1.1 206 P", "Content-Length: 4", "Content-Range: bytes 0-2/3"},
       {"fail 3 " + name +
        "the server answers HTTP 206 with 'Content-Range: bytes 0-2/3' to a request for the whole object"},
       {}},
      {{"HTTP/1.1 206 P"},
       {"fail 3 " + name +
        "the server answers HTTP 206 without a Content-Range to a request for the whole object"},
       {}},
      {{"HTTP/1.1 200 OK", "Content-Length: 3", "Content-Length: 4"},
       {"fail 3 " + name + "the server sends two lengths, 3 and 4"},
       {}},
      {{"HTTP/1.1 200 OK", "Content-Length: 300"}, {"put off 300", "stop 0"}, {}},
      {{"HTTP/1.1 302 F", "Location: /y"},
       {},
       {"note 'http://h/x' redirects to 'http://h/y'", "start 0 http://h/y"}},
      {{"HTTP/1.1 302 F"}, {}, {"fail 4 " + name + "the server redirects without saying where to"}},
      {{"HTTP/1.1 404 Not Found"}, {}, {"fail 4 " + name + "Not Found (HTTP 404)"}},
      {{"HTTP/1.1 503 Busy"}, {}, {"warn " + name + "Busy (HTTP 503); trying again in 0.2 s (1 of 3)"}},
      {{"HTTP/1.1 429 Slow", "Retry-After: 7"},
       {},
       {"warn " + name + "Slow (HTTP 429); trying again in 7.0 s (1 of 3)"}},
      {{"HTTP/1.1 503 Busy", "Retry-After: 301"},
       {},
       {"fail 5 " + name + "Busy (HTTP 503); the server asks to come back in 301 s"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.lines.back());
    Bench bench({4, 4, 64, 4}, 3, 200);
    bench.time();
    CHECK(bench.head(0, head_of(row.lines)) == row.on_head);
    if (row.on_head == Texts{"begin 0"} || (!row.on_head.empty() && row.on_head[0].starts_with("fail")))
      continue;
    CHECK(bench.end(0) == row.on_end);
    if (!row.on_head.empty()) CHECK(bench.time(std::chrono::hours(1)).empty());
  }
}

TEST_CASE("plan: a pause lasts as long as it is said to, then the next is twice as long") {
  Bench bench;
  bench.time();
  for (const int pause : {250, 500, 1000}) {
    CHECK(bench.end(0, EndingKind::interrupted).size() == 1);
    CHECK(bench.plan.next_time(bench.now) == bench.now + std::chrono::milliseconds(pause));
    CHECK(bench.time(std::chrono::milliseconds(pause - 1)).empty());
    CHECK(bench.time(std::chrono::milliseconds(1)) == Texts{"start 0 http://h/x"});
  }
  CHECK(bench.end(0, EndingKind::interrupted) ==
        Texts{"fail 5 cannot fetch 'http://h/x': connection reset, 4 times"});
}

TEST_CASE("plan: of mirrors that differ the first response goes on alone, over what others brought") {
  for (const bool in_order : {false, true}) {
    Bench bench;
    bench.parallel(in_order);
    CHECK(bench.bytes(0, 1) == "0+1 ");
    CHECK(bench.part(1, "a", 4, 7).empty());
    CHECK(bench.part(2, "a", 8, 11).empty());
    CHECK(bench.bytes(1, 4) == "4+4 ");
    CHECK(bench.end(1).empty());
    CHECK(bench.bytes(2, 1) == "8+1 ");
    CHECK(bench.part(3, "b", 12, 15) == Texts{"stop 3"});
    CHECK(bench.end(3, EndingKind::stopped).empty());
    CHECK(bench.time().empty());
    CHECK(bench.bytes(0, 22) == "1+3 12+4 16+7 ");
    CHECK(bench.bytes(2, 3) == "9+3 ");
    CHECK(bench.plan.is_complete());
  }
}

TEST_CASE("plan: a refusal behind parts that came is final, when no whole response runs") {
  Bench bench;
  bench.parallel();
  bench.part(1, "a", 4, 7);
  bench.bytes(1, 4);
  bench.end(1);
  bench.end(0, EndingKind::interrupted);
  bench.head(2, head_of({"HTTP/1.1 403 Forbidden"}));
  CHECK(bench.end(2) == Texts{"fail 4 cannot fetch 'http://h/x': Forbidden (HTTP 403)"});
}

TEST_CASE("plan: what cannot be taken back is only continued by the same version") {
  Bench bench({100, 100, 64, 4});
  bench.time();
  bench.head(0, whole("a"));
  bench.begun(true);
  bench.output.can_forget = false;
  bench.bytes(0, 2);
  bench.end(0, EndingKind::interrupted);
  for (int i = 0; i < 2; ++i) {
    CHECK(bench.time(std::chrono::seconds(9)) == Texts{"start 0 http://h/x bytes=2-22 if \"a\""});
    CHECK(bench.part(0, "b", 2, 22) == Texts{"stop 0"});
    CHECK(bench.end(0, EndingKind::stopped).size() == 1);
  }
  bench.time(std::chrono::seconds(9));
  CHECK(bench.part(0, "b", 2, 22) == Texts{"forget 3 the object changed while it was fetched", "stop 0"});
}

TEST_CASE(
    "plan: another version is fetched anew, at once when it comes whole; the third change is bad data") {
  Bench bench({100, 100, 64, 4}, 9);
  bench.time();
  bench.head(0, whole("a"));
  bench.begun();
  bench.bytes(0, 2);
  bench.end(0, EndingKind::interrupted);
  for (const char* etag : {"b", "c"}) {
    bench.time(std::chrono::seconds(9));
    CHECK(bench.head(0, whole(etag)) == Texts{"forget 3 the object changed while it was fetched", "begin 0"});
    CHECK(bench.plan.bytes() == 0);
    bench.begun();
    CHECK(bench.bytes(0, 3) == "0+3 ");
    bench.end(0, EndingKind::interrupted);
  }
  bench.time(std::chrono::seconds(9));
  CHECK(bench.head(0, whole("d")) ==
        Texts{"fail 3 cannot fetch 'http://h/x': the object changes while it is fetched"});
}

TEST_CASE("plan: the place where redirections led is asked at once, and left when it refuses") {
  for (const char* status : {"401", "403", "404", "410"}) {
    CAPTURE(status);
    Bench bench;
    bench.begin_elsewhere();
    CHECK(bench.time().front() == "start 1 http://h/y bytes=4-7 if \"a\"");
    bench.head(1, head_of({std::string("HTTP/1.1 ") + status + " Expired"}));
    CHECK(bench.end(1).empty());
    CHECK(bench.time() == Texts{"start 1 http://h/x bytes=4-7 if \"a\""});
  }
}

TEST_CASE("plan: one failure where redirections led does not ask the URL again, the second one does") {
  Bench bench;
  bench.begin_elsewhere();
  bench.bytes(0, 2);
  bench.end(0, EndingKind::interrupted);
  const auto pause = std::chrono::seconds(9);
  CHECK(bench.time(pause).front() == "start 0 http://h/y bytes=2-3 if \"a\"");
  bench.end(0, EndingKind::interrupted);
  CHECK(bench.time(pause).front() == "start 0 http://h/x bytes=2-3 if \"a\"");
}

TEST_CASE("plan: a request that is slow beside those of other objects is given up once, where it can go on") {
  const auto slow = [](Bench& bench) { return bench.plan.on_slow().size(); };
  Bench bench({4, 100, 64, 2}, 3);
  CHECK(slow(bench) == 0);
  bench.time();
  CHECK(slow(bench) == 2);  // a note, and the command
  CHECK(bench.end(0, EndingKind::stopped).empty());
  CHECK(bench.time() == Texts{"start 0 http://h/x"});
  CHECK(slow(bench) == 0);
  for (const char* etag : {"a", ""}) {
    Bench begun({4, 100, 64, 2}, 3);
    begun.time();
    begun.head(0, *etag != 0 ? whole(etag) : head_of({"HTTP/1.1 200 OK", "Content-Length: 16"}));
    begun.begun();
    begun.bytes(0, 2);
    CHECK(slow(begun) == (*etag != 0 ? 2 : 0));
    if (*etag == 0) continue;
    CHECK(begun.end(0, EndingKind::stopped).empty());
    const auto next = begun.time();
    REQUIRE(next.size() == 1);
    CHECK(next[0].starts_with("start 0 http://h/x bytes=2-"));
  }
  Bench parallel({4, 4, 64, 2});
  parallel.parallel();
  CHECK(slow(parallel) == 0);
}

TEST_CASE("plan: another URL is asked for when one is refused, once until it has given something") {
  Bench bench({4, 4, 64, 2}, 3, mrf::fetch::unknown_end, true);
  const std::string note = "note another URL is asked for instead of 'http://h/x': ";
  bench.time();
  bench.head(0, head_of({"HTTP/1.1 403 Expired"}));
  CHECK(bench.end(0) == Texts{note + "Expired (HTTP 403)", "refresh http://h/x"});
  CHECK(bench.time().empty());
  bench.plan.on_refreshed(mrf::http::Url::parse("http://h/new"));
  CHECK(bench.time() == Texts{"start 0 http://h/new"});
  bench.head(0, whole("a"));
  bench.begun();
  bench.time();
  bench.part(1, "a", 4, 7);
  bench.bytes(1, 4);
  bench.end(1);
  bench.time();
  bench.bytes(0, 2);
  bench.end(0, EndingKind::interrupted);
  bench.head(1, head_of({"HTTP/1.1 400 Expired"}));
  CHECK(bench.end(1).back() == "refresh http://h/new");
  CHECK(bench.time(std::chrono::seconds(9)).empty());
  bench.plan.on_refreshed(mrf::http::Url::parse("http://h/newer"));
  CHECK(bench.time() ==
        Texts{"start 0 http://h/newer bytes=2-3 if \"a\"", "start 1 http://h/newer bytes=8-11 if \"a\""});
  bench.head(0, head_of({"HTTP/1.1 404 Gone"}));
  CHECK(bench.end(0).empty());  // the other one may show that the URL is good
  bench.head(1, head_of({"HTTP/1.1 404 Gone"}));
  CHECK(bench.end(1) == Texts{"fail 4 cannot fetch 'http://h/x': Gone (HTTP 404)"});
}

TEST_CASE("plan: where an earlier URL redirects is no place of the one that replaces it") {
  Bench bench({4, 4, 64, 3}, 3, mrf::fetch::unknown_end, true);
  bench.parallel();
  bench.head(1, head_of({"HTTP/1.1 302 F", "Location: /y"}));
  bench.end(1);
  bench.head(2, head_of({"HTTP/1.1 403 Expired"}));
  CHECK(bench.end(2).back() == "refresh http://h/x");
  bench.plan.on_refreshed(mrf::http::Url::parse("http://h/new"));
  bench.part(1, "a", 4, 7);
  CHECK(bench.time() == Texts{"start 2 http://h/new bytes=8-11 if \"a\""});
}

TEST_CASE("plan: which refusals of a URL let another one be asked for") {
  for (const int status : {400, 401, 403, 404, 410, 402, 451}) {
    CAPTURE(status);
    Bench bench({4, 4, 64, 2}, 3, mrf::fetch::unknown_end, true);
    bench.time();
    bench.head(0, head_of({fmt::format("HTTP/1.1 {} No", status)}));
    CHECK(bench.end(0).back() == (status == 402 || status == 451
                                      ? fmt::format("fail 4 cannot fetch 'http://h/x': No (HTTP {})", status)
                                      : "refresh http://h/x"));
  }
}

TEST_CASE(
    "plan: what is refused of an earlier URL does not count, and without another URL the refusal is final") {
  Bench bench({4, 4, 64, 2}, 3, mrf::fetch::unknown_end, true);
  bench.parallel();
  bench.head(1, head_of({"HTTP/1.1 403 Expired"}));
  bench.end(1);
  bench.plan.on_refreshed(mrf::http::Url::parse("http://h/new"));
  bench.end(0, EndingKind::interrupted);
  CHECK(bench.time().front() == "start 1 http://h/new bytes=0-3 if \"a\"");
  Bench late({4, 4, 64, 2}, 3, mrf::fetch::unknown_end, true);
  late.parallel();
  late.bytes(0, 2);
  late.end(0, EndingKind::interrupted);
  late.time(std::chrono::seconds(9));
  late.head(1, head_of({"HTTP/1.1 403 Expired"}));
  late.end(1);
  late.plan.on_refreshed(mrf::http::Url::parse("http://h/new"));
  late.head(0, head_of({"HTTP/1.1 403 Expired"}));
  CHECK(late.end(0).empty());
  CHECK(late.time().size() == 2);
  Bench none({4, 4, 64, 2}, 3, mrf::fetch::unknown_end, true);
  none.time();
  none.head(0, head_of({"HTTP/1.1 403 Expired"}));
  none.end(0);
  none.plan.on_refreshed(std::nullopt);
  none.time();
  none.head(0, head_of({"HTTP/1.1 403 Expired"}));
  CHECK(none.end(0) == Texts{"fail 4 cannot fetch 'http://h/x': Expired (HTTP 403)"});
}

TEST_CASE("plan: another URL gets the headers of the first one at the same host, port and scheme only") {
  const auto request_after = [](const std::string& fresh) {
    mrf::fetch::FetchOptions options;
    options.headers = {"Authorization: hidden", "Accept: a/b"};
    options.refreshes = true;
    mrf::fetch::ObjectPlan plan(mrf::http::Url::parse("https://h/x"), options, {4, 4, 64, 2});
    const mrf::fetch::OutputState output;
    (void)plan.on_time({}, output);
    (void)plan.on_head(0, head_of({"HTTP/1.1 403 Expired"}), output);
    (void)plan.on_end(0, {}, "", output, {}, std::chrono::seconds(1));
    plan.on_refreshed(mrf::http::Url::parse(fresh));
    return std::get<mrf::fetch::StartRequest>(plan.on_time({}, output).at(0)).request;
  };
  CHECK(field(request_after("https://h/y"), "Authorization") == "hidden");
  CHECK(request_after("https://h/y").is_trusted);
  for (const char* fresh : {"https://other/x", "https://h:444/x", "http://h/x", "ftp://h/x"}) {
    CAPTURE(fresh);
    CHECK(field(request_after(fresh), "Authorization").empty());
    CHECK(field(request_after(fresh), "Accept") == "a/b");
    CHECK(request_after(fresh).url.text() == fresh);
    CHECK_FALSE(request_after(fresh).is_trusted);
  }
}

TEST_CASE(
    "plan: what a new URL refuses is asked for again when another request has shown what the URL is worth") {
  for (const bool is_good : {false, true}) {
    CAPTURE(is_good);
    Bench bench({4, 4, 64, 2}, 3, mrf::fetch::unknown_end, true);
    bench.parallel();
    bench.head(1, head_of({"HTTP/1.1 403 Expired"}));
    CHECK(bench.end(1).back() == "refresh http://h/x");
    bench.end(0, EndingKind::interrupted);
    bench.plan.on_refreshed(mrf::http::Url::parse("http://h/new"));
    CHECK(bench.time(std::chrono::seconds(9)).size() == 2);
    bench.head(1, head_of({"HTTP/1.1 403 Expired"}));
    CHECK(bench.end(1).empty());
    CHECK(bench.time().empty());
    CHECK(bench.time(std::chrono::seconds(1)).empty());
    if (is_good) {
      bench.part(0, "a", 0, 3);
    } else {
      bench.end(0, EndingKind::interrupted);
    }
    CHECK(bench.time().size() == 1);
  }
}

TEST_CASE("plan: a request that brings much less than the others is given up, and asked for again") {
  Bench bench({10, 10, 64, 2, 4});
  CHECK(bench.parallel() == Texts{"start 1 http://h/x bytes=10-19 if \"a\""});
  bench.part(1, "a", 10, 19);
  CHECK(bench.bytes(1, 1) == "10+1 ");
  for (int i = 0; i < 3; ++i) {
    bench.bytes(0, 2);
    CHECK(bench.time(std::chrono::seconds(1)).size() == (i < 2 ? 0 : 2));
  }
  // As above, but seen: nothing of what it brought is lost.
  CHECK(bench.end(1, EndingKind::stopped).empty());
  CHECK(bench.time() == Texts{"start 1 http://h/x bytes=11-19 if \"a\""});
}

TEST_CASE("plan: when nothing is left to be asked for, the part that takes longest is split") {
  Bench bench({12, 12, 64, 2, 2});
  CHECK(bench.parallel() == Texts{"start 1 http://h/x bytes=12-22 if \"a\""});
  bench.part(1, "a", 12, 22);
  CHECK(bench.bytes(1, 1) == "12+1 ");
  CHECK(bench.bytes(0, 10) == "0+10 ");
  CHECK(bench.time(std::chrono::seconds(1)).empty());
  CHECK(bench.bytes(0, 3) == "10+2 end");
  CHECK(bench.end(0, EndingKind::stopped).empty());
  // Slot 1 brings one byte a second, slot 0 ten: of the ten that are left it keeps as few as there may be.
  CHECK(bench.time() == Texts{"start 0 http://h/x bytes=15-22 if \"a\""});
  CHECK(bench.part(0, "a", 15, 22).empty());
  CHECK(bench.bytes(1, 9) == "13+2 end");
  CHECK(bench.end(1, EndingKind::stopped).empty());
  CHECK(bench.bytes(0, 8) == "15+8 ");
  CHECK(bench.plan.is_complete());
}

TEST_CASE("plan: the owner of a part that was split goes on when the other one does not come") {
  Bench bench({12, 12, 64, 2, 2});
  bench.parallel();
  bench.part(1, "a", 12, 22);
  bench.bytes(1, 1);
  bench.bytes(0, 10);
  bench.time(std::chrono::seconds(1));
  bench.bytes(0, 3);
  bench.end(0, EndingKind::stopped);
  bench.time();
  CHECK(bench.bytes(1, 10) == "13+2 15+8 ");
  CHECK(bench.plan.is_complete());
}

TEST_CASE("plan: what turns out to be lost is asked for, and complete is who has that, too") {
  Bench bench;
  bench.time();
  bench.head(0, whole("a"));
  bench.begun(false, {{{0, 10}, {13, 23}}});
  CHECK(bench.bytes(0, 1) == "end");
  bench.time();
  bench.part(1, "a", 10, 12);
  CHECK(bench.bytes(1, 3) == "10+3 ");
  CHECK(bench.plan.is_complete());
  bench.plan.on_lost({{4, 10}});
  CHECK_FALSE(bench.plan.is_complete());
  CHECK(bench.plan.bytes() == 17);
  CHECK(bench.end(1).empty());
  CHECK(bench.end(0, EndingKind::stopped).empty());
  CHECK(bench.time() ==
        Texts{"start 0 http://h/x bytes=4-7 if \"a\"", "start 1 http://h/x bytes=8-9 if \"a\""});
}

TEST_CASE("plan: without a strong entity tag samples of what is there come before anything else") {
  const auto weak = head_of({"HTTP/1.1 200 OK", "Last-Modified: Mon", "Content-Length: 23"});
  const auto part = [](const std::string& range) {
    return head_of({"HTTP/1.1 206 P", "Last-Modified: Mon", "Content-Range: bytes " + range + "/23"});
  };
  Bench bench({100, 100, 64, 4, 3});
  bench.time();
  CHECK(bench.head(0, weak) == Texts{"begin 0"});
  bench.begun(false, {{{0, 10}}, true});
  CHECK(bench.bytes(0, 23) == "0?3 end");  // the sample at the beginning comes with the first response
  bench.end(0, EndingKind::stopped);
  bench.output.is_settled = false;
  CHECK(bench.time().empty());
  bench.output.is_settled = true;
  CHECK(bench.time() == Texts{"start 0 http://h/x bytes=7-9"});
  CHECK(bench.head(0, part("7-9")).empty());
  CHECK(bench.bytes(0, 3) == "7?3 ");
  CHECK(bench.end(0).empty());
  CHECK(bench.time() == Texts{"start 0 http://h/x bytes=10-22"});
  CHECK(bench.plan.bytes() == 10);
  bench.head(0, part("10-22"));
  CHECK(bench.bytes(0, 5) == "10+5 ");
  // The connection breaks: the same again, for what came in this run.
  bench.output.can_compare = true;
  CHECK(bench.end(0, EndingKind::interrupted).size() == 1);
  CHECK(bench.time(std::chrono::seconds(9)) == Texts{"start 0 http://h/x bytes=0-2"});
  bench.head(0, part("0-2"));
  CHECK(bench.bytes(0, 3) == "0?3 ");
  CHECK(bench.plan.on_difference(0, bench.output).size() == 1);
  CHECK(bench.end(0).empty());
  CHECK(bench.plan.bytes() == 0);
  CHECK(bench.time() == Texts{"start 0 http://h/x"});
}

TEST_CASE("plan: of a sample that is cut the rest is asked for, and samples take none of the retries") {
  const auto weak = head_of({"HTTP/1.1 200 OK", "Last-Modified: Mon", "Content-Length: 23"});
  const auto part = [](const std::string& range) {
    return head_of({"HTTP/1.1 206 P", "Last-Modified: Mon", "Content-Range: bytes " + range + "/23"});
  };
  Bench bench({100, 100, 64, 4, 3}, 2);
  bench.output.can_compare = true;
  const auto fails = [&](std::size_t count) {
    const auto texts = bench.end(0, EndingKind::interrupted);
    REQUIRE(texts.size() == 1);
    CHECK(texts[0].starts_with("warn "));
    CHECK(texts[0].ends_with(" (" + std::to_string(count) + " of 2)"));
  };
  const auto next = [&] { return bench.time(std::chrono::seconds(9)); };
  bench.time();
  bench.head(0, weak);
  bench.begun(false, {{{0, 10}}, false});
  CHECK(bench.bytes(0, 1) == "end");
  CHECK(bench.end(0, EndingKind::stopped).empty());
  CHECK(next() == Texts{"start 0 http://h/x bytes=10-22"});
  fails(1);
  CHECK(next() == Texts{"start 0 http://h/x bytes=0-2"});
  bench.head(0, part("0-2"));
  CHECK(bench.bytes(0, 1) == "0?1 ");
  fails(1);
  CHECK(next() == Texts{"start 0 http://h/x bytes=1-2"});
  fails(2);
  CHECK(next() == Texts{"start 0 http://h/x bytes=1-2"});
  bench.head(0, part("1-2"));
  CHECK(bench.bytes(0, 2) == "1?2 ");
  CHECK(bench.end(0).empty());
  CHECK(next() == Texts{"start 0 http://h/x bytes=7-9"});
  fails(1);
  CHECK(next() == Texts{"start 0 http://h/x bytes=7-9"});
  bench.head(0, part("7-9"));
  bench.bytes(0, 3);
  CHECK(bench.end(0).empty());
  CHECK(next() == Texts{"start 0 http://h/x bytes=10-22"});
  fails(2);
  // Samples that are compared time and again do not keep a rest alive that never comes.
  for (const std::string range : {"0-2", "7-9"}) {
    CHECK(next() == Texts{"start 0 http://h/x bytes=" + range});
    bench.head(0, part(range));
    bench.bytes(0, 3);
    CHECK(bench.end(0).empty());
  }
  CHECK(next() == Texts{"start 0 http://h/x bytes=10-22"});
  const auto last = bench.end(0, EndingKind::interrupted);
  REQUIRE(last.size() == 1);
  CHECK(last[0].starts_with("fail 5 "));
}

TEST_CASE("plan: If-Match is left away when it is refused") {
  Bench bench;
  bench.parallel();
  bench.head(1, head_of({"HTTP/1.1 412 P"}));
  CHECK(bench.end(1).empty());
  CHECK(bench.time() == Texts{"start 1 http://h/x bytes=4-7"});
}

TEST_CASE("plan: the stored form of an object is asked for when a store decodes it") {
  Bench bench;
  auto first = bench.plan.on_time(bench.now, bench.output);
  CHECK(field(std::get<mrf::fetch::StartRequest>(first[0]).request, "Accept-Encoding") == "identity");
  auto decoded = whole("a");
  decoded.add_line("x-goog-stored-content-encoding: gzip");
  CHECK(bench.head(0, decoded) == Texts{"stop 0"});
  CHECK(bench.end(0, EndingKind::stopped).empty());
  auto second = bench.plan.on_time(bench.now, bench.output);
  CHECK(field(std::get<mrf::fetch::StartRequest>(second[0]).request, "Accept-Encoding") == "gzip");
}

TEST_CASE("plan: an output in order is asked for no more than it has room for") {
  Bench bench;
  bench.output.room_end = 9;
  CHECK(bench.parallel(true) == Texts{"start 1 http://h/x bytes=4-7 if \"a\""});
  CHECK(bench.plan.waits_for_room());
  bench.part(1, "a", 4, 7);
  CHECK(bench.plan.has_room(1, 4, bench.output));
  CHECK_FALSE(bench.plan.has_room(1, 6, bench.output));
  CHECK(bench.plan.is_early(1));
  CHECK_FALSE(bench.plan.is_early(0));
  CHECK(bench.bytes(0, 4) == "0+4 ");
  CHECK_FALSE(bench.plan.is_early(1));
  bench.output.room_end = 12;
  CHECK(bench.time() == Texts{"start 2 http://h/x bytes=8-11 if \"a\""});
}

TEST_CASE("plan: more bytes than were said are bad data, and a rest without an end is over when it says so") {
  Bench bench;
  bench.time();
  bench.head(0, whole("a", 3));
  bench.begun();
  CHECK_THROWS_AS(bench.bytes(0, 4), mrf::base::DataError);
  Bench endless;
  endless.time();
  endless.head(0, head_of({"HTTP/1.1 200 OK"}));
  endless.begun();
  CHECK(endless.bytes(0, 9) == "0+9 ");
  CHECK_FALSE(endless.plan.is_complete());
  CHECK(endless.end(0).empty());
  CHECK(endless.plan.is_complete());
}
