// SPDX-License-Identifier: MIT
#include "fetch/download.h"

#include <doctest/doctest.h>

#include <deque>
#include <filesystem>

#include "base/error.h"
#include "base/message.h"
#include "fetch/outputs.h"
#include "unit/directory.h"

namespace fs = std::filesystem;
using EndingKind = mrf::http::Ending::Kind;

namespace {

struct Response {
  std::vector<std::string> head;
  std::string body;
  EndingKind ending = EndingKind::complete;
};

// Gives the responses of a script, one a request, and records the requests.
class ScriptedNetwork final : public mrf::http::Network {
 public:
  explicit ScriptedNetwork(std::deque<Response> script) : script_(std::move(script)) {}
  void start(const mrf::http::Request& request, mrf::http::Receiver& receiver) override {
    requests.push_back(request);
    receiver_ = &receiver;
  }
  int poll(std::chrono::milliseconds) override {
    REQUIRE_FALSE(script_.empty());
    const Response response = script_.front();
    script_.pop_front();
    mrf::http::ResponseHead head;
    for (const auto& line : response.head) head.add_line(line);
    const bool wanted = (response.head.empty() || receiver_->on_head(head)) &&
                        (response.body.empty() || receiver_->on_body(response.body));
    receiver_->on_end({wanted ? response.ending : EndingKind::stopped, wanted ? "connection reset" : ""});
    return 0;
  }
  bool used_up() const { return script_.empty(); }
  std::string range(std::size_t request) const {
    for (const auto& line : requests.at(request).headers)
      if (line.starts_with("Range: ")) return line.substr(7);
    return "";
  }
  std::vector<mrf::http::Request> requests;

 private:
  std::deque<Response> script_;
  mrf::http::Receiver* receiver_ = nullptr;
};

class PatientClock final : public mrf::http::Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return now_; }
  std::chrono::seconds wall_time() override { return std::chrono::seconds(0); }
  void wait(std::chrono::milliseconds time) override {
    waits.push_back(time);
    now_ += time;
  }
  std::vector<std::chrono::milliseconds> waits;

 private:
  std::chrono::steady_clock::time_point now_;
};

struct Result {
  int status = 0;
  std::string message;
  std::string content;
  std::vector<std::chrono::milliseconds> waits;
};

Result run(ScriptedNetwork& network, unsigned retries = 2) {
  const Directory directory;
  mrf::base::set_verbosity(mrf::base::Verbosity::quiet);
  PatientClock clock;
  Result result;
  try {
    const auto url = mrf::http::Url::parse("http://h/x?sig=hidden");
    mrf::fetch::TargetOutput output(url, {directory / "x", 64 << 20, {}});
    mrf::fetch::Loop loop(network, clock, 0, {});
    mrf::fetch::Download download(loop, url, {{{}, retries, [] { return 0.0; }}, {}}, output);
    while (!download.is_over()) loop.turn();
    download.rethrow();
  } catch (const mrf::base::Error& error) {
    result.status = static_cast<int>(error.status());
    result.message = error.what();
  }
  if (result.status != 0) CHECK(directory.entries() == 0);
  result.content = content(directory / "x");
  result.waits = clock.waits;
  return result;
}

Response whole(const char* etag, const std::string& body, EndingKind ending = EndingKind::complete) {
  return {{"HTTP/1.1 200 OK", std::string("ETag: ") + etag, "Content-Length: 10"}, body, ending};
}
Response part(const char* etag, const char* range, const std::string& body,
              EndingKind ending = EndingKind::complete) {
  return {
      {"HTTP/1.1 206 Partial Content", std::string("ETag: ") + etag, std::string("Content-Range: ") + range},
      body,
      ending};
}

}  // namespace

TEST_CASE("one whole response") {
  ScriptedNetwork network({whole("\"a\"", "0123456789")});
  const auto result = run(network);
  CHECK(result.status == 0);
  CHECK(result.content == "0123456789");
  CHECK(network.range(0).empty());
}

TEST_CASE("a short body is asked for from where it stopped") {
  for (const EndingKind kind : {EndingKind::interrupted, EndingKind::complete}) {
    ScriptedNetwork network({whole("\"a\"", "012", kind), part("\"a\"", "bytes 3-9/10", "34", kind),
                             part("\"a\"", "bytes 5-9/10", "56789")});
    const auto result = run(network);
    CHECK(result.content == "0123456789");
    CHECK(network.range(1) == "bytes=3-9");
    CHECK(network.range(2) == "bytes=5-9");
    CHECK(network.requests[1].headers.back() == "If-Match: \"a\"");
    CHECK(result.waits.size() == 2);
  }
}

TEST_CASE("a server that ignores the range is used from its byte 0") {
  ScriptedNetwork network({whole("\"a\"", "012", EndingKind::interrupted), whole("\"a\"", "0123456789")});
  CHECK(run(network).content == "0123456789");
}

TEST_CASE("what may belong to another object is thrown away") {
  const auto start = whole("\"a\"", "XXX", EndingKind::interrupted);
  const auto again = whole("\"b\"", "0123456789");
  for (const auto& answer :
       {part("\"b\"", "bytes 3-9/10", "3456789"), part("\"a\"", "bytes 3-10/11", "34567890"),
        part("\"a\"", "bytes 2-9/10", "23456789"), part("\"a\"", "bytes 3-8/10", "345678"),
        part("\"a\"", "lines 3-9/10", "3456789"), part("\"a\"", "bytes 3-9/*", "3456789"),
        part("W/\"a\"", "bytes 3-9/10", "3456789"),
        Response{{"HTTP/1.1 206 P", "ETag: \"a\""}, "3456789", {}}, Response{{"HTTP/1.1 416 R"}, "", {}}}) {
    CAPTURE(answer.head.back());
    ScriptedNetwork network({start, answer, again});
    CHECK(run(network).content == "0123456789");
    CHECK(network.range(2).empty());
    CHECK(network.used_up());
  }
  ScriptedNetwork at_once({start, again});
  CHECK(run(at_once).content == "0123456789");
}

TEST_CASE("without an entity tag and a time a download starts again") {
  ScriptedNetwork network({whole("", "XXX", EndingKind::interrupted), whole("", "0123456789")});
  CHECK(run(network).content == "0123456789");
  CHECK(network.range(1).empty());
}

TEST_CASE("with a weak entity tag samples of what came are compared before a download goes on") {
  const char* weak = "W/\"a\"";
  const auto start = whole(weak, "012", EndingKind::interrupted);
  ScriptedNetwork same({start, part(weak, "bytes 0-2/10", "012"), part(weak, "bytes 3-9/10", "3456789")});
  CHECK(run(same).content == "0123456789");
  CHECK(same.range(1) == "bytes=0-2");
  CHECK(same.requests[1].headers.back() == "Range: bytes=0-2");  // no If-Match
  CHECK(same.range(2) == "bytes=3-9");
  // Another object under the same tag, with and without ranges; and a server that gives the whole one.
  ScriptedNetwork other({start, part(weak, "bytes 0-2/10", "0X2"), whole(weak, "0X23456789")});
  CHECK(run(other).content == "0X23456789");
  CHECK(other.range(2).empty());
  ScriptedNetwork without_ranges({start, whole(weak, "0X23456789"), whole(weak, "0X23456789")});
  CHECK(run(without_ranges).content == "0X23456789");
  ScriptedNetwork whole_again({start, whole(weak, "0123456789")});
  CHECK(run(whole_again).content == "0123456789");
  // Another tag is another object.
  ScriptedNetwork changed({start, part("W/\"b\"", "bytes 0-2/10", "012"), whole("W/\"b\"", "9876543210")});
  CHECK(run(changed).content == "9876543210");
}

TEST_CASE("If-Match is left away when it is refused, and the entity tags are compared all the same") {
  const Response refused{{"HTTP/1.1 412 Precondition Failed", "ETag: \"a\""}, "", {}};
  const auto start = whole("\"a\"", "012", EndingKind::interrupted);
  ScriptedNetwork same({start, refused, part("\"a\"", "bytes 3-9/10", "34", EndingKind::interrupted),
                        part("\"a\"", "bytes 5-9/10", "56789")});
  const auto result = run(same);
  CHECK(result.content == "0123456789");
  CHECK(result.waits.size() == 2);
  CHECK(same.requests[1].headers.back() == "If-Match: \"a\"");
  CHECK(same.requests[2].headers.back() == "Range: bytes=3-9");
  CHECK(same.requests[3].headers.back() == "Range: bytes=5-9");
  ScriptedNetwork other(
      {start, refused, part("\"b\"", "bytes 3-9/10", "XXXXXXX"), whole("\"b\"", "0123456789")});
  CHECK(run(other).content == "0123456789");
  CHECK(other.range(3).empty());
}

TEST_CASE("mirrors with an entity tag each: bytes of one version only, one stream after the first change") {
  const auto broken = [](const char* etag) { return whole(etag, "XXX", EndingKind::interrupted); };
  ScriptedNetwork network({broken("\"a\""), part("\"b\"", "bytes 3-9/10", "YYYYYYY"), broken("\"a\""),
                           part("\"b\"", "bytes 3-9/10", "YYYYYYY"), whole("\"a\"", "0123456789")});
  const auto result = run(network, 4);
  CHECK(result.status == 0);
  CHECK(result.content == "0123456789");
  CHECK(network.range(2).empty());
  CHECK(network.range(4).empty());
}

TEST_CASE("an object that changes three times is bad data") {
  ScriptedNetwork network({whole("\"a\"", "XXX", EndingKind::interrupted),
                           whole("\"b\"", "YYY", EndingKind::interrupted),
                           whole("\"c\"", "ZZZ", EndingKind::interrupted), whole("\"d\"", "0123456789")});
  const auto result = run(network, 4);
  CHECK(result.status == 3);
  CHECK(result.message == "cannot fetch 'http://h/x?sig=...': the object changes while it is fetched");
}

TEST_CASE("transient failures are tried again, then the remote is unavailable") {
  const Response busy{{"HTTP/1.1 503 Busy", "Retry-After: 7"}, "", {}};
  const Response unreachable{{}, "", EndingKind::interrupted};
  ScriptedNetwork network({busy, unreachable, whole("\"a\"", "0123456789")});
  const auto result = run(network);
  CHECK(result.content == "0123456789");
  CHECK(result.waits ==
        std::vector<std::chrono::milliseconds>{std::chrono::seconds(7), std::chrono::milliseconds(500)});
  ScriptedNetwork hopeless({busy, busy, busy});
  const auto failed = run(hopeless);
  CHECK(failed.status == 5);
  CHECK(failed.message == "cannot fetch 'http://h/x?sig=...': Busy (HTTP 503), 3 times");
  ScriptedNetwork once({unreachable});
  CHECK(run(once, 0).message == "cannot fetch 'http://h/x?sig=...': connection reset");
}

TEST_CASE("a refusal is final, an answer without data too") {
  ScriptedNetwork refused(
      {Response{{"HTTP/1.1 403 Forbidden"}, "<Message>Request has expired</Message>", {}}});
  const auto result = run(refused);
  CHECK(result.status == 4);
  CHECK(result.message == "cannot fetch 'http://h/x?sig=...': Request has expired (HTTP 403)");
  ScriptedNetwork empty({Response{{"HTTP/1.1 204 No Content"}, "", {}}});
  CHECK(run(empty).status == 3);
  ScriptedNetwork failed({Response{{}, "", EndingKind::failed}});
  CHECK(run(failed).status == 1);
}

TEST_CASE("a body longer than promised is bad data") {
  ScriptedNetwork network({whole("\"a\"", "0123456789X")});
  CHECK(run(network).status == 3);
}

TEST_CASE("a redirection is followed to its end, and a loop is refused") {
  ScriptedNetwork network(
      {Response{{"HTTP/1.1 302 F", "Location: /y"}, "", {}}, whole("\"a\"", "0123456789")});
  CHECK(run(network).content == "0123456789");
  CHECK(network.requests[1].url.text() == "http://h/y");
  ScriptedNetwork loop(std::deque<Response>(21, Response{{"HTTP/1.1 302 F", "Location: /x"}, "", {}}));
  const auto result = run(loop);
  CHECK(result.status == 4);
  CHECK(result.message ==
        "cannot fetch 'http://h/x?sig=...': more than 20 redirections, one after the other");
}
