// SPDX-License-Identifier: MIT
#include "store/store_network.h"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <semaphore>
#include <string>
#include <vector>

#include "base/error.h"
#include "store_environment.h"

using mrf::StoreEnvironment;
using mrf::http::Ending;
using mrf::http::Request;
using mrf::http::Url;

namespace {

// Transfers that the test moves on. Each is known by the path and query of its URL.
class HandNetwork final : public mrf::http::Network {
 public:
  void start(const Request& request, mrf::http::Receiver& receiver) override {
    if (!unavailable.empty() && request.url.text().find(unavailable) != std::string::npos)
      throw mrf::base::Error(mrf::base::Status::unavailable, "ask", "x", "nobody");
    started.push_back(request);
    running[&receiver] = request.url.text();
  }
  int poll(std::chrono::milliseconds longest) override {
    ++polls;
    if (longest.count() > 0) (void)woken.try_acquire_for(longest);
    return static_cast<int>(running.size());
  }
  void wake() override { woken.release(); }
  void stop(mrf::http::Receiver& receiver) override { running.erase(&receiver); }

  mrf::http::Receiver& receiver_of(const std::string& part) const {
    for (const auto& [receiver, text] : running) {
      if (text.find(part) != std::string::npos) return *receiver;
    }
    throw std::runtime_error("nothing runs for " + part);
  }
  bool answer(const std::string& part, const std::vector<std::string>& lines, const std::string& body) {
    mrf::http::Receiver& receiver = receiver_of(part);
    mrf::http::ResponseHead head;
    for (const auto& line : lines) head.add_line(line);
    if (!receiver.on_head(head)) return end(receiver, {Ending::Kind::stopped, ""});
    if (!body.empty() && !receiver.has_room(body.size())) return false;
    if (!body.empty() && !receiver.on_body(body)) return end(receiver, {Ending::Kind::stopped, ""});
    return end(receiver, {});
  }
  bool end(mrf::http::Receiver& receiver, const Ending& ending) {
    running.erase(&receiver);
    receiver.on_end(ending);
    return true;
  }

  std::vector<Request> started;
  std::string unavailable;  ///< what stands in URLs to which no request can be started
  std::size_t polls = 0;
  std::counting_semaphore<> woken{0};
  std::map<mrf::http::Receiver*, std::string> running;
};

class KeepingReceiver final : public mrf::http::Receiver {
 public:
  bool on_head(const mrf::http::ResponseHead& response) override {
    ++heads;
    head = response;
    return true;
  }
  bool on_body(std::string_view bytes) override {
    body += bytes;
    return true;
  }
  void on_end(const Ending& how) override { ends.push_back(how); }

  int heads = 0;
  mrf::http::ResponseHead head;
  std::string body;
  std::vector<Ending> ends;
};

// A store network around one that the test moves on.
struct Stores {
  explicit Stores(mrf::store::StoreOptions options = {}, mrf::store::Ask ask = nobody_answers) {
    auto hand = std::make_unique<HandNetwork>();
    inner = hand.get();
    network = mrf::store::make_store_network(std::move(hand), std::move(ask), options);
  }
  static mrf::http::Answer nobody_answers(const Request&, std::chrono::milliseconds, const std::stop_token&) {
    throw mrf::base::Error(mrf::base::Status::unavailable, "ask", "x", "nobody");
  }
  void start(const char* name, std::vector<std::string> headers = {}) {
    network->start({Url::parse(name), std::move(headers)}, receiver);
  }
  void turn() { network->poll(std::chrono::milliseconds(0)); }
  // Turns, until something holds that a thread brings about.
  template <typename Condition>
  void turn_until(Condition holds) {
    while (!holds()) network->poll(std::chrono::seconds(10));
  }
  void turn_until_started(std::size_t requests) {
    turn_until([&] { return inner->started.size() == requests; });
  }
  void turn_until_ended(std::size_t ends) {
    turn_until([&] { return receiver.ends.size() == ends; });
  }

  HandNetwork* inner;
  KeepingReceiver receiver;
  std::unique_ptr<mrf::http::Network> network;
};

// A store network that has asked for an object of four bytes, and asks for its data now.
void start_drs(Stores& stores, const std::string& url, const std::string& more = "") {
  stores.start("drs://h/1");
  stores.inner->answer(
      "objects/1", {"HTTP/1.1 200 OK"},
      "{" + more + R"("access_methods":[{"type":"https","access_url":{"url":")" + url + R"("}}]})");
  stores.turn();
}

mrf::http::Answer credentials_found(const std::string& key) {
  mrf::http::Answer answer;
  answer.head.add_line("HTTP/1.1 200 OK");
  answer.body = R"({"AccessKeyId":")" + key + R"(","SecretAccessKey":"s","Token":"t"})";
  return answer;
}

const std::vector<std::string> object_found{"HTTP/1.1 200 OK", "Content-Length: 4", "ETag: \"e\""};

}  // namespace

TEST_CASE("the receiver sees nothing of another region") {
  const StoreEnvironment environment({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}});
  Stores stores;
  stores.start("s3://b/k");
  stores.inner->answer("/k", {"HTTP/1.1 301 Moved", "x-amz-bucket-region: r-2"}, "<Error/>");
  CHECK(stores.receiver.heads == 0);
  stores.turn();
  stores.inner->answer("b.s3.r-2.amazonaws.com/k", object_found, "data");
  CHECK(stores.receiver.heads == 1);
  CHECK(stores.receiver.body == "data");
  REQUIRE(stores.receiver.ends.size() == 1);
  CHECK(stores.receiver.ends[0].kind == Ending::Kind::complete);
}

TEST_CASE("credentials that are unavailable interrupt the request, others that cannot be had end it") {
  using mrf::base::Status;
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  // Those that are not there, and those that have expired, at the answer that says so.
  for (const bool are_old : {false, true}) {
    for (const auto status : {Status::unavailable, Status::refused, Status::failure}) {
      CAPTURE(are_old);
      CAPTURE(static_cast<int>(status));
      std::atomic<bool> fails = !are_old;
      Stores stores({}, [&](const Request&, std::chrono::milliseconds, const auto&) -> mrf::http::Answer {
        if (fails) throw mrf::base::Error(status, "ask", "x", "not now");
        return credentials_found("K");
      });
      stores.start("s3://b/k");
      if (are_old) {
        stores.turn_until_started(1);
        fails = true;
        stores.inner->answer("/k", {"HTTP/1.1 400 Bad Request"}, "<Error><Code>ExpiredToken</Code></Error>");
      }
      CHECK(stores.receiver.ends.empty());
      stores.turn_until_ended(1);
      CHECK(stores.receiver.ends[0].kind == (status == Status::unavailable ? Ending::Kind::interrupted
                                             : status == Status::refused   ? Ending::Kind::refused
                                                                           : Ending::Kind::failed));
      CHECK(stores.receiver.ends[0].reason == "cannot ask 'x': not now");
      CHECK(stores.receiver.heads == 0);
      CHECK(stores.inner->started.size() == (are_old ? 1 : 0));
    }
  }
}

TEST_CASE("while credentials are looked for, what needs none goes on, and what is stopped hears nothing") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  std::atomic<int> asked = 0;
  std::binary_semaphore may_answer{0};
  Stores stores({}, [&](const Request&, std::chrono::milliseconds, const auto&) {
    ++asked;
    may_answer.acquire();
    return credentials_found("K");
  });
  KeepingReceiver other;
  KeepingReceiver listed;
  KeepingReceiver open;
  KeepingReceiver stopped;
  stores.start("s3://b/k");
  stores.network->start({Url::parse("s3://c/l"), {}}, other);
  stores.network->start({Url::parse("s3://b/stopped"), {}}, stopped);
  CHECK(stores.inner->started.empty());
  stores.network->start({Url::parse("https://h/open"), {}}, open);
  stores.network->start({.url = Url::parse("s3://b/listed"), .headers = {}, .is_trusted = false}, listed);
  CHECK(stores.inner->started.size() == 2);
  CHECK(stores.network->poll(std::chrono::milliseconds(0)) > 0);
  stores.inner->answer("h/open", object_found, "data");
  CHECK(open.body == "data");
  stores.network->stop(stopped);
  may_answer.release();
  stores.turn_until_started(4);
  CHECK(asked == 1);
  stores.inner->answer("/k", object_found, "data");
  stores.inner->answer("/l", object_found, "data");
  CHECK(stores.receiver.ends.size() == 1);
  CHECK(other.ends.size() == 1);
  CHECK(stopped.ends.empty());
}

TEST_CASE("requests that a store refuses for old credentials wait for one look, and are sent again") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  const char* const expired = "<Error><Code>ExpiredToken</Code></Error>";
  for (const bool are_others : {true, false}) {
    std::atomic<int> asked = 0;
    std::counting_semaphore<> may_answer{1};
    Stores stores({}, [&](const Request&, std::chrono::milliseconds, const auto&) {
      may_answer.acquire();
      return credentials_found(++asked > 1 && are_others ? "new" : "old");
    });
    KeepingReceiver other;
    stores.start("s3://b/k");
    stores.network->start({Url::parse("s3://b/l"), {}}, other);
    stores.turn_until_started(2);
    for (const char* key : {"/k", "/l"}) stores.inner->answer(key, {"HTTP/1.1 400 Bad"}, expired);
    stores.turn();
    CHECK(stores.inner->started.size() == 2);
    may_answer.release();
    if (are_others) {
      stores.turn_until_started(4);
      CHECK(stores.inner->started.back().signature->access_key == "new");
    } else {
      stores.turn_until_ended(1);
      CHECK(stores.receiver.head.status() == 400);
      CHECK(stores.receiver.body == expired);
      CHECK(other.ends.size() == 1);
    }
    CHECK(asked == 2);
  }
}

TEST_CASE("a request that begins in the pause after an unavailable endpoint waits for the next look") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  std::atomic<int> asked = 0;
  Stores stores({}, [&](const Request&, std::chrono::milliseconds, const auto&) -> mrf::http::Answer {
    if (++asked < 3) throw mrf::base::Error(mrf::base::Status::unavailable, "ask", "x", "not now");
    return credentials_found("K");
  });
  for (std::size_t attempt = 1; attempt < 3; ++attempt) {
    stores.start("s3://b/k");
    stores.turn_until_ended(attempt);
    CHECK(asked == static_cast<int>(attempt));
    CHECK(stores.receiver.ends.back().kind == Ending::Kind::interrupted);
  }
  const std::size_t polls = stores.inner->polls;
  stores.start("s3://b/k");
  stores.turn_until_started(1);
  CHECK(stores.inner->polls < polls + 20);  // it does not spin
}

TEST_CASE("a request that has waited for a look is told of the failure of that") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  for (const bool fails : {true, false}) {
    Stores stores({}, [&](const Request&, std::chrono::milliseconds, const auto&) -> mrf::http::Answer {
      if (fails) throw mrf::base::Error(mrf::base::Status::unavailable, "ask", "x", "not now");
      return credentials_found("K");
    });
    Request request{Url::parse("s3://b/k"), {}};
    CHECK(stores.network->awaited({Url::parse("https://h/k"), {}}) == 0);
    request.waited_for = stores.network->awaited(request);
    CHECK(request.waited_for == 1);
    CHECK(stores.network->awaited(request) == 1);
    stores.turn_until([&] { return stores.network->is_over(request.waited_for); });
    CHECK((stores.network->awaited(request) == 0) != fails);
    stores.network->start(request, stores.receiver);
    CHECK(stores.receiver.ends.empty());
    stores.turn();
    CHECK(stores.inner->started.size() == (fails ? 0 : 1));
    REQUIRE(stores.receiver.ends.size() == (fails ? 1 : 0));
    if (fails) CHECK(stores.receiver.ends[0].reason == "cannot ask 'x': not now");
  }
}

TEST_CASE("a refusal is told with its body") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  Stores stores;
  stores.start("s3://b/k");
  stores.inner->answer("/k", {"HTTP/1.1 404 No"}, "<Message>none</Message>");
  CHECK(stores.receiver.head.status() == 404);
  CHECK(stores.receiver.body == "<Message>none</Message>");
  CHECK(stores.receiver.ends.size() == 1);
}

TEST_CASE("the head of an upload in parts waits for their sizes") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  for (const bool is_answered : {true, false}) {
    Stores stores;
    stores.start("s3://b/k");
    const std::vector<std::string> head{"HTTP/1.1 200 OK", "Content-Length: 9", "ETag: \"e-2\""};
    CHECK_FALSE(stores.inner->answer("/k", head, "123456789"));  // it rests
    CHECK(stores.receiver.heads == 0);
    stores.turn();
    const std::vector<std::string> part{"HTTP/1.1 206 P", "Content-Range: bytes 0-4/9", "ETag: \"e-2\"",
                                        "x-amz-mp-parts-count: 2"};
    stores.inner->answer("?partNumber=1", is_answered ? part : std::vector<std::string>{"HTTP/1.1 501 No"},
                         "");
    stores.turn();
    auto& data = stores.inner->receiver_of("/k");
    REQUIRE(data.has_room(9));
    CHECK(data.on_body("123456789"));
    CHECK(stores.receiver.body == "123456789");
    CHECK(stores.receiver.head.field("S3-Part-Sizes").value_or("none") == (is_answered ? "5" : "none"));
    CHECK(stores.receiver.head.field("S3-Part-Sizes-Fault").value_or("none") ==
          (is_answered ? "none" : "No (HTTP 501)"));
    stores.inner->end(data, {});
    CHECK(stores.receiver.ends.size() == 1);
  }
}

namespace {

const std::vector<std::string> upload{"HTTP/1.1 200 OK", "Content-Length: 9", "ETag: \"e-3\""};

std::vector<std::string> part_of_upload(const std::string& range) {
  return {"HTTP/1.1 206 P", "Content-Range: bytes " + range + "/9", "ETag: \"e-3\"",
          "x-amz-mp-parts-count: 3"};
}

// The object is asked for, and the question for a part follows.
void start_upload(Stores& stores, const std::string& part) {
  stores.start("s3://b/k");
  CHECK_FALSE(stores.inner->answer("/k", upload, "123456789"));
  stores.turn();
  CHECK(stores.inner->started.back().url.text().ends_with("/k?partNumber=" + part));
}

}  // namespace

TEST_CASE("a question for a part without an answer interrupts the request, which asks only what is left") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  Stores stores;
  start_upload(stores, "1");
  stores.inner->answer("?partNumber=1", part_of_upload("0-3"), "");
  stores.turn();
  stores.inner->answer("?partNumber=2", {"HTTP/1.1 503 Slow Down", "Retry-After: 7"}, "");
  CHECK_FALSE(stores.inner->receiver_of("/k").has_room(9));
  stores.turn();
  CHECK(stores.inner->running.empty());
  CHECK(stores.receiver.head.status() == 503);
  CHECK(stores.receiver.head.reason() == "Slow Down, when asked for the size of a part");
  CHECK(stores.receiver.head.field("Retry-After") == "7");
  REQUIRE(stores.receiver.ends.size() == 1);
  CHECK(stores.receiver.ends[0].has_news);

  start_upload(stores, "2");
  stores.inner->end(stores.inner->receiver_of("?partNumber=2"), {Ending::Kind::interrupted, "reset"});
  stores.turn();
  CHECK(stores.inner->running.empty());
  CHECK(stores.receiver.heads == 1);
  REQUIRE(stores.receiver.ends.size() == 2);
  CHECK(stores.receiver.ends[1].kind == Ending::Kind::interrupted);
  CHECK(stores.receiver.ends[1].reason == "reset, when asked for the size of a part");
  CHECK_FALSE(stores.receiver.ends[1].has_news);

  start_upload(stores, "2");
  stores.inner->answer("?partNumber=2", part_of_upload("4-6"), "");
  auto& data = stores.inner->receiver_of("/k");
  REQUIRE(data.has_room(9));
  CHECK(data.on_body("123456789"));
  CHECK(stores.receiver.head.field("S3-Part-Sizes") == "4,3,2");
}

TEST_CASE("a question that cannot be sent ends the request as its error says") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  Stores stores;
  stores.inner->unavailable = "partNumber";
  stores.start("s3://b/k");
  CHECK_FALSE(stores.inner->answer("/k", upload, "123456789"));
  stores.turn();
  CHECK(stores.inner->running.empty());
  REQUIRE(stores.receiver.ends.size() == 1);
  CHECK(stores.receiver.ends[0].kind == Ending::Kind::interrupted);
  CHECK(stores.receiver.heads == 0);
}

TEST_CASE("a refusal after an answer, or another entity tag, has the object asked for once more") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  for (const bool is_refused : {true, false}) {
    Stores stores;
    start_upload(stores, "1");
    for (int times = 0; times < 2; ++times) {
      if (is_refused) {
        stores.inner->answer("?partNumber=1", part_of_upload("0-3"), "");
        stores.turn();
        stores.inner->answer("?partNumber=2", {"HTTP/1.1 403 Forbidden"}, "");
      } else {
        stores.inner->answer("?partNumber=1", {"HTTP/1.1 206 P", "ETag: \"f-3\""}, "");
      }
      CHECK(stores.inner->receiver_of("/k").has_room(9) == (times == 1));
      stores.turn();
      CHECK(stores.receiver.heads == 0);
      if (times == 1) continue;
      CHECK(stores.inner->started.back().method == mrf::http::Method::get);
      CHECK_FALSE(stores.inner->answer("/k", upload, "123456789"));
      stores.turn();
    }
    CHECK(stores.inner->receiver_of("/k").on_body("123456789"));
    CHECK(stores.receiver.head.field("S3-Part-Sizes-Fault") ==
          (is_refused ? "Forbidden (HTTP 403)" : "its answer does not fit the object"));
  }
}

TEST_CASE("the sizes of parts are asked for only when the server's checksum is needed") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  Stores stores;
  Request request{Url::parse("s3://b/k"), {}};
  request.needs_checksum = false;
  stores.network->start(request, stores.receiver);
  CHECK(stores.inner->answer("/k", upload, "123456789"));
  CHECK(stores.receiver.body == "123456789");
  Stores drs;
  start_drs(drs, "s3://b/k",
            R"("checksums":[{"type":"md5","checksum":"25f9e794323b453885f5181f1b624d0b"}],)");
  CHECK(drs.inner->answer("/k", upload, "123456789"));
  CHECK(drs.receiver.body == "123456789");
}

TEST_CASE("what is stopped at any step leaves no transfer behind, and its receiver hears nothing more") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  const auto stop = [](Stores& stores) {
    stores.network->stop(stores.receiver);
    stores.turn();
    CHECK(stores.inner->running.empty());
    CHECK(stores.receiver.ends.empty());
  };
  {
    Stores stores;
    stores.start("drs://h/1");
    stop(stores);
  }
  const std::string json = R"({"access_methods":[{"type":"https","access_id":"a"}]})";
  for (const bool has_turned : {false, true}) {
    Stores stores;
    stores.start("drs://h/1");
    stores.inner->answer("objects/1", {"HTTP/1.1 200 OK"}, json);
    if (has_turned) stores.turn();
    stop(stores);
  }
  for (const bool has_turned : {false, true}) {
    Stores stores;
    stores.start("s3://b/k");
    (void)stores.inner->answer("/k", {"HTTP/1.1 200 OK", "Content-Length: 9", "ETag: \"e-2\""}, "1");
    if (has_turned) stores.turn();
    stop(stores);
  }
}

TEST_CASE(
    "a DRS object is asked for once, its place serves the ranges, and a refused place is asked for anew") {
  const StoreEnvironment environment({});
  Stores stores;
  const auto resolve = [&](const char* place) {
    stores.inner->answer("objects/1", {"HTTP/1.1 200 OK"},
                         std::string(R"({"size":4,"checksums":[{"type":"md5","checksum":"aa"}],)") +
                             R"("access_methods":[{"type":"https","access_url":{"url":")" + place +
                             R"(","headers":["X-Place: p"]}}]})");
    stores.turn();
  };
  stores.start("drs://h/1", {"X-Mine: 1", "Accept-Encoding: identity"});
  CHECK(stores.inner->started.back().headers ==
        std::vector<std::string>{"X-Mine: 1", "Accept: application/json"});
  resolve("https://d/k?sig=1");
  CHECK(stores.inner->started.back().headers ==
        std::vector<std::string>{"Accept-Encoding: identity", "X-Place: p"});
  stores.inner->answer("sig=1", object_found, "data");
  CHECK(stores.receiver.head.field("DRS-Checksum") == "md5=aa");
  stores.turn();
  stores.start("drs://h/1", {"Range: bytes=1-2"});
  CHECK(stores.inner->started.back().url.text() == "https://d/k?sig=1");
  stores.inner->answer("sig=1", {"HTTP/1.1 403 No"}, "expired");
  stores.turn();
  resolve("https://d/k?sig=2");
  stores.inner->answer("sig=2", {"HTTP/1.1 403 No"}, "expired too");
  CHECK(stores.receiver.head.status() == 403);
  CHECK(stores.receiver.body == "dataexpired too");
  CHECK(stores.receiver.ends.size() == 2);
}

TEST_CASE("an object of another size than the DRS server says is bad data") {
  const StoreEnvironment environment({});
  Stores stores;
  stores.start("drs://h/1");
  stores.inner->answer(
      "objects/1", {"HTTP/1.1 200 OK"},
      R"({"size":5,"access_methods":[{"type":"https","access_url":{"url":"https://d/k"}}]})");
  stores.turn();
  stores.inner->answer("d/k", object_found, "data");
  CHECK(stores.receiver.heads == 0);
  REQUIRE(stores.receiver.ends.size() == 1);
  CHECK(stores.receiver.ends[0].kind == Ending::Kind::malformed);
}

TEST_CASE("the bytes of a response without a length are counted against the size that the DRS server says") {
  const StoreEnvironment environment({});
  const std::vector<std::string> unsized{"HTTP/1.1 200 OK", "Transfer-Encoding: chunked"};
  for (const char* size : {"3", "5", "400"}) {
    CAPTURE(size);
    Stores stores;
    start_drs(stores, "https://d/k", std::string("\"size\":") + size + ",");
    stores.inner->answer("d/k", unsized, "data");
    REQUIRE(stores.receiver.ends.size() == 1);
    CHECK(stores.receiver.ends[0].kind == Ending::Kind::malformed);
  }
  Stores stores;
  start_drs(stores, "https://d/k", "\"size\":4,");
  stores.inner->answer("d/k", unsized, "data");
  CHECK(stores.receiver.body == "data");
  REQUIRE(stores.receiver.ends.size() == 1);
  CHECK(stores.receiver.ends[0].kind == Ending::Kind::complete);
}

TEST_CASE("no server says what the program itself knows of an object") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  const std::vector<std::string> lies{"HTTP/1.1 200 OK", "Content-Length: 4", "drs-checksum: md5=bb",
                                      "S3-Part-Sizes: 7", "S3-Part-Sizes-Fault: none"};
  Stores drs;
  start_drs(drs, "https://d/k", R"("checksums":[{"type":"md5","checksum":"aa"}],)");
  drs.inner->answer("d/k", lies, "data");
  CHECK(drs.receiver.head.fields("DRS-Checksum") == std::vector<std::string>{"md5=aa"});
  CHECK_FALSE(drs.receiver.head.field("S3-Part-Sizes"));
  Stores s3;
  s3.start("s3://b/k");
  s3.inner->answer("/k", lies, "data");
  CHECK_FALSE(s3.receiver.head.field("DRS-Checksum"));
  CHECK_FALSE(s3.receiver.head.field("S3-Part-Sizes"));
  CHECK_FALSE(s3.receiver.head.field("S3-Part-Sizes-Fault"));
}

TEST_CASE("an access by http or by another DRS name is refused, in whatever case it is written") {
  const StoreEnvironment environment({});
  for (const char* url : {"http://d/k", "HTTP://d/k", "Drs://d/k"}) {
    CAPTURE(url);
    Stores stores;
    stores.start("drs://h/1");
    stores.inner->answer("objects/1", {"HTTP/1.1 200 OK"},
                         R"({"access_methods":[{"type":"https","access_id":"a"}]})");
    stores.turn();
    stores.inner->answer("access/a", {"HTTP/1.1 200 OK"}, std::string(R"({"url":")") + url + R"("})");
    stores.turn();
    CHECK(stores.inner->started.size() == 2);
    REQUIRE(stores.receiver.ends.size() == 1);
    CHECK(stores.receiver.ends[0].kind == Ending::Kind::refused);
  }
}

TEST_CASE("a DRS server that redirects is followed, and the access is asked for at the name itself") {
  const StoreEnvironment environment({});
  Stores stores;
  stores.start("drs://h/1", {"X-Mine: 1"});
  stores.inner->answer("//h/", {"HTTP/1.1 302 Found", "Location: https://other/object"}, "");
  stores.turn();
  REQUIRE(stores.inner->running.size() == 1);
  CHECK(stores.inner->started.back().url.text() == "https://other/object");
  CHECK(stores.inner->started.back().headers == std::vector<std::string>{"Accept: application/json"});
  stores.inner->answer("other", {"HTTP/1.1 200 OK"},
                       R"({"access_methods":[{"type":"https","access_id":"a"}]})");
  stores.turn();
  CHECK(stores.inner->started.back().url.text() == "https://h/ga4gh/drs/v1/objects/1/access/a");
  CHECK(stores.inner->started.back().headers ==
        std::vector<std::string>{"X-Mine: 1", "Accept: application/json"});
  stores.inner->answer("access/a", {"HTTP/1.1 302 Found", "Location: http://other/object"}, "");
  stores.turn();
  REQUIRE(stores.receiver.ends.size() == 1);
  CHECK(stores.receiver.ends[0].kind == Ending::Kind::refused);
}
