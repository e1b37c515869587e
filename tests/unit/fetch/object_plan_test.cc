// SPDX-License-Identifier: MIT
#include "fetch/object_plan.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <type_traits>

#include "base/error.h"

namespace {

using mrf::fetch::ObjectPlan;
using EndingKind = mrf::http::Ending::Kind;
using Texts = std::vector<std::string>;

const std::string object = "0123456789abcdefghijklm";

mrf::http::ResponseHead head_of(const Texts& lines) {
  mrf::http::ResponseHead head;
  for (const auto& line : lines) head.add_line(line);
  return head;
}
mrf::http::ResponseHead whole(const std::string& etag, std::uint64_t total = object.size()) {
  return head_of({"HTTP/1.1 200 OK", "ETag: \"" + etag + "\"", "Content-Length: " + std::to_string(total)});
}

std::string field(const mrf::http::Request& request, const std::string& name) {
  for (const auto& line : request.headers) {
    if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
  }
  return "";
}

std::string text_of(const mrf::fetch::Command& any) {
  return std::visit(
      [](const auto& command) -> std::string {
        using Kind = std::decay_t<decltype(command)>;
        if constexpr (std::is_same_v<Kind, mrf::fetch::StartRequest>) {
          const auto range = field(command.request, "Range");
          return "start " + std::to_string(command.slot) + " " + command.request.url.text() +
                 (range.empty() ? "" : " " + range) +
                 (field(command.request, "If-Match").empty() ? ""
                                                             : " if " + field(command.request, "If-Match"));
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::StopResponse>) {
          return "stop " + std::to_string(command.slot);
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::GiveUpRequest>) {
          return "give up " + std::to_string(command.slot);
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::RefreshUrl>) {
          return "refresh " + command.url.text();
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::BeginOutput>) {
          return "begin " + std::to_string(command.slot);
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::ForgetOutput>) {
          return "forget " + std::to_string(static_cast<int>(command.status)) + " " + command.reason;
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::PutOff>) {
          return "put off " + std::to_string(command.size);
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::Warn>) {
          return "warn " + command.text;
        } else {
          return "note " + command.text;
        }
      },
      any);
}

// A plan with a clock of its own; every event gives the texts of the commands that it leads to.
class Bench {
 public:
  explicit Bench(mrf::fetch::PartSizes sizes = {4, 4, 64, 4}, unsigned retries = 3,
                 std::uint64_t put_off_from = mrf::fetch::unknown_end, bool refreshes = false)
      : plan(mrf::http::Url::parse("http://h/x"),
             {.headers = {}, .retries = retries, .random = [] { return 0.0; }, .refreshes = refreshes}, sizes,
             put_off_from) {}

  Texts time(std::chrono::milliseconds later = std::chrono::milliseconds(0)) {
    now += later;
    return texts([this] { return plan.on_time(now, output); });
  }
  Texts head(std::size_t slot, const mrf::http::ResponseHead& head) {
    return texts([&] { return plan.on_head(slot, head, output); });
  }
  // The answer to what the slot asked for.
  Texts part(std::size_t slot, const std::string& etag, std::uint64_t first, std::uint64_t last) {
    return head(slot, head_of({"HTTP/1.1 206 P", "ETag: \"" + etag + "\"",
                               "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) +
                                   "/" + std::to_string(object.size())}));
  }
  // "AT+SIZE" for every piece that has a place, "AT?SIZE" for one that is compared.
  std::string bytes(std::size_t slot, std::uint64_t count) {
    std::string pieces;
    while (count > 0) {
      const auto piece = plan.on_bytes(slot, count);
      if (piece.skip + piece.size == 0) return pieces + "end";
      if (piece.size > 0)
        pieces +=
            std::to_string(piece.at) + (piece.is_compared ? "?" : "+") + std::to_string(piece.size) + " ";
      count -= piece.skip + piece.size;
    }
    return pieces;
  }
  Texts end(std::size_t slot, EndingKind kind = EndingKind::complete, const std::string& body = "") {
    return texts([&] {
      return plan.on_end(slot, {kind, "connection reset"}, body, output, now, std::chrono::seconds(1000));
    });
  }
  void begun(bool in_order = false, const mrf::fetch::BytesThere& there = {}) {
    plan.on_begun(0, there, in_order);
  }
  // The first response runs, and all slots ask for a part.
  Texts parallel(bool in_order = false) {
    CHECK(time() == Texts{"start 0 http://h/x"});
    CHECK(head(0, whole("a")) == Texts{"begin 0"});
    begun(in_order);
    return time();
  }

  ObjectPlan plan;
  ObjectPlan::Time now{};
  mrf::fetch::OutputState output;

 private:
  template <typename Call>
  static Texts texts(Call call) {
    try {
      Texts list;
      for (const auto& command : call()) list.push_back(text_of(command));
      return list;
    } catch (const mrf::base::Error& error) {
      return {"fail " + std::to_string(static_cast<int>(error.status())) + " " + error.what()};
    }
  }
};

}  // namespace

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

TEST_CASE("plan: where parts are refused the object comes in one response") {
  Bench bench;
  bench.parallel();
  bench.head(1, head_of({"HTTP/1.1 403 Forbidden"}));
  CHECK(bench.end(1) == Texts{"note 'http://h/x' is fetched in one response, since the server refuses parts: "
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
  Bench bench;
  bench.time();
  bench.head(0, head_of({"HTTP/1.1 302 F", "Location: /y"}));
  bench.end(0);
  bench.head(0, whole("a"));
  bench.begun();
  CHECK(bench.time().front() == "start 1 http://h/y bytes=4-7 if \"a\"");
  bench.head(1, head_of({"HTTP/1.1 403 Expired"}));
  CHECK(bench.end(1).empty());
  CHECK(bench.time() == Texts{"start 1 http://h/x bytes=4-7 if \"a\""});
}

TEST_CASE("plan: one failure where redirections led does not ask the URL again, the second one does") {
  Bench bench;
  bench.time();
  bench.head(0, head_of({"HTTP/1.1 302 F", "Location: /y"}));
  bench.end(0);
  bench.head(0, whole("a"));
  bench.begun();
  bench.bytes(0, 2);
  bench.end(0, EndingKind::interrupted);
  const auto pause = std::chrono::seconds(9);
  CHECK(bench.time(pause).front() == "start 0 http://h/y bytes=2-3 if \"a\"");
  bench.end(0, EndingKind::interrupted);
  CHECK(bench.time(pause).front() == "start 0 http://h/x bytes=2-3 if \"a\"");
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

// Servers of up to three versions of an object, under strong or weak tags, which fail, refuse ranges,
// redirect and refuse URLs as a seeded generator says; bytes that come in any portions, at any speed, from
// any slot; and an output that has some of the object, part of which turns out to be lost. Whatever happens,
// the plan ends, and what it places is every byte of one version once, or it fails.
TEST_CASE("plan: whatever servers do in whatever order, one version's bytes have one place each") {
  int completed = 0;
  int times_given_up = 0;
  int times_compared = 0;
  for (unsigned seed = 0; seed < 10000; ++seed) {
    CAPTURE(seed);
    std::mt19937 generator(seed);
    const auto random = [&](unsigned below) { return static_cast<unsigned>(generator() % below); };
    const unsigned versions = 1 + (random(3) == 0 ? random(3) : 0);
    const unsigned trouble = random(4);
    const bool in_order = random(2) == 1;
    const bool is_weak = !in_order && random(4) == 0;
    const bool refreshes = random(4) == 0;
    const std::uint64_t total = random(60);
    mrf::fetch::ObjectPlan plan(mrf::http::Url::parse("http://h/x"),
                                {.headers = {},
                                 .retries = 8,
                                 .random = [&] { return random(1000) / 1000.0; },
                                 .refreshes = refreshes},
                                {1 + random(9), random(40), 64, 1 + random(5), 1 + random(3)});
    struct Response {
      mrf::http::Request request;
      bool has_head = false;
      bool is_wanted = true;
      bool beginning = false;
      unsigned version = 0;
      std::uint64_t left = 0;
    };
    std::map<std::size_t, Response> running;
    std::map<std::uint64_t, unsigned> places;  // the version of each byte that has its place
    std::vector<mrf::fetch::ByteRange> doubtful;
    bool is_refreshing = false;
    ObjectPlan::Time now{};
    const auto output = [&] {
      std::uint64_t given = 0;
      while (places.contains(given)) ++given;
      return mrf::fetch::OutputState{!in_order || given == 0, in_order ? given + 20 : mrf::fetch::unknown_end,
                                     !in_order};
    };
    bool failed = false;
    const std::function<void(const mrf::fetch::Commands&)> carry_out =
        [&](const mrf::fetch::Commands& commands) {
          for (const auto& command : commands) {
            if (const auto* start = std::get_if<mrf::fetch::StartRequest>(&command)) {
              REQUIRE_FALSE(running.contains(start->slot));
              running.emplace(start->slot, Response{start->request});
            } else if (const auto* stop = std::get_if<mrf::fetch::StopResponse>(&command)) {
              running.at(stop->slot).is_wanted = false;
            } else if (const auto* begin = std::get_if<mrf::fetch::BeginOutput>(&command)) {
              running.at(begin->slot).beginning = true;
            } else if (std::holds_alternative<mrf::fetch::ForgetOutput>(command)) {
              if (!output().can_forget) throw mrf::base::DataError("fetch", "x", "it cannot be taken back");
              places.clear();
              doubtful.clear();
            } else if (const auto* given_up = std::get_if<mrf::fetch::GiveUpRequest>(&command)) {
              ++times_given_up;
              running.erase(given_up->slot);
              carry_out(plan.on_end(given_up->slot, {EndingKind::stopped, ""}, "", output(), now,
                                    std::chrono::seconds(0)));
            } else if (std::holds_alternative<mrf::fetch::RefreshUrl>(command)) {
              REQUIRE(refreshes);
              is_refreshing = true;
            } else if (const auto* warning = std::get_if<mrf::fetch::Warn>(&command)) {
              REQUIRE(warning->text.find(": ;") == std::string::npos);  // each failure has its reason
            }
          }
        };
    const auto answer = [&](std::size_t slot, Response& response) {
      response.has_head = true;
      response.version = random(versions);
      const auto range = field(response.request, "Range");
      const std::string etag =
          std::string(is_weak ? "ETag: W/\"" : "ETag: \"") + static_cast<char>('a' + response.version) + "\"";
      Texts lines;
      const unsigned fate = random(8) < trouble ? random(6) : 9;
      if (fate == 0) {
        lines = {"HTTP/1.1 503 Busy"};
      } else if (fate == 1 && (!range.empty() || refreshes)) {
        lines = {"HTTP/1.1 403 No"};
      } else if (fate == 2) {
        lines = {"HTTP/1.1 302 F", "Location: /" + std::to_string(random(9))};
      } else if (fate == 3 && !range.empty()) {
        lines = {"HTTP/1.1 412 P"};
      } else if (fate == 5 && total > 0) {
        lines = {"HTTP/1.1 206 P", etag,
                 "Content-Range: bytes 0-" + std::to_string(total - 1) + "/" + std::to_string(total)};
        response.left = total;
      } else if (range.empty() || fate == 4) {
        lines = {"HTTP/1.1 200 OK", etag, "Content-Length: " + std::to_string(total)};
        response.left = total;
      } else {
        const auto dash = range.find('-');
        const std::uint64_t first = std::stoull(range.substr(6, dash - 6));
        const std::uint64_t last = dash + 1 == range.size() ? total - 1 : std::stoull(range.substr(dash + 1));
        lines = {"HTTP/1.1 206 P", etag,
                 "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
                     std::to_string(total)};
        response.left = last + 1 - first;
      }
      carry_out(plan.on_head(slot, head_of(lines), output()));
      if (lines[0].ends_with("OK") || lines[0].ends_with("206 P")) return;
      response.left = 0;
    };
    const auto event = [&] {
      now += std::chrono::milliseconds(random(9000));
      carry_out(plan.on_time(now, output()));
      if (is_refreshing && random(3) == 0) {
        is_refreshing = false;
        plan.on_refreshed(
            random(4) == 0 ? std::nullopt
                           : std::optional(mrf::http::Url::parse("http://h/" + std::to_string(random(9)))));
      }
      if (!doubtful.empty() && random(5) == 0) {
        const auto part = doubtful.back();
        doubtful.pop_back();
        if (random(2) == 0) {
          for (std::uint64_t at = part.first; at < part.second; ++at) places.erase(at);
          plan.on_lost({part});
        }
      }
      if (running.empty()) return;
      auto place = std::next(running.begin(), random(static_cast<unsigned>(running.size())));
      const std::size_t slot = place->first;
      Response& response = place->second;
      const bool is_cut = random(12) < trouble;
      if (response.beginning) {
        response.beginning = false;
        mrf::fetch::BytesThere there{{}, is_weak};
        for (std::uint64_t at = random(9); !in_order && random(3) > 0 && at < total; at += 1 + random(9)) {
          const std::uint64_t end = std::min<std::uint64_t>(total, at + 1 + random(9));
          there.ranges.emplace_back(at, end);
          for (; at < end; ++at) places.emplace(at, response.version);
        }
        doubtful = there.ranges;
        plan.on_begun(slot, there, in_order);
      } else if (!response.has_head && !is_cut) {
        answer(slot, response);
      } else if (response.is_wanted && response.left > 0 && !is_cut) {
        std::uint64_t count = 1 + random(static_cast<unsigned>(response.left));
        if (!plan.has_room(slot, count, output())) return;
        response.left -= count;
        while (count > 0) {
          const auto piece = plan.on_bytes(slot, count);
          count -= piece.skip + piece.size;
          if (piece.skip + piece.size == 0) {
            response.is_wanted = false;
            return;
          }
          if (piece.is_compared) {
            ++times_compared;
            bool is_equal = true;
            for (std::uint64_t at = piece.at; at < piece.at + piece.size; ++at)
              is_equal = is_equal && places.at(at) == response.version;
            if (is_equal) continue;
            response.is_wanted = false;
            carry_out(plan.on_difference(slot, output()));
            return;
          }
          for (std::uint64_t at = piece.at; at < piece.at + piece.size; ++at)
            REQUIRE(places.emplace(at, response.version).second);
        }
      } else {
        const bool complete = response.has_head && response.left == 0 && !is_cut;
        const auto kind = !response.is_wanted ? EndingKind::stopped
                          : complete          ? EndingKind::complete
                                              : EndingKind::interrupted;
        running.erase(place);
        carry_out(plan.on_end(slot, {kind, "reset"}, "", output(), now, std::chrono::seconds(0)));
      }
    };
    int events = 0;
    try {
      while (!plan.is_complete() || !doubtful.empty()) {
        REQUIRE(++events < 20000);
        event();
      }
    } catch (const mrf::base::Error&) {
      failed = true;
    }
    if (failed) {
      CHECK((trouble > 0 || versions > 1));
      continue;
    }
    ++completed;
    REQUIRE(places.size() == total);
    for (const auto& [at, version] : places) REQUIRE(version == places.begin()->second);
  }
  CHECK(completed > 5000);
  CHECK(times_given_up > 1000);
  CHECK(times_compared > 1000);
}
