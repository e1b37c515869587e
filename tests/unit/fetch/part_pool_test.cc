// SPDX-License-Identifier: MIT
#include "fetch/part_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/error.h"

using Next = mrf::fetch::PartPool::Next;

namespace {

// Takes everything, in any order or in order with some room ahead.
class Sink final : public mrf::fetch::ObjectOutput {
 public:
  std::vector<mrf::fetch::ByteRange> begin(const mrf::http::ResponseHead&,
                                           const mrf::http::ObjectVersion&) override {
    return found;
  }
  bool in_order() const override { return ahead > 0; }
  bool has_room(std::uint64_t, std::uint64_t end) const override {
    return ahead == 0 || end <= given + ahead;
  }
  void wait_for_room() override {}
  void take(std::uint64_t at, std::string_view bytes) override {
    for (const char c : bytes) {
      CHECK_FALSE(content.count(at));
      content[at++] = c;
    }
    while (content.count(given)) ++given;
  }
  bool can_forget() const override { return ahead == 0 || given == 0; }
  void forget(mrf::base::Status status, const std::string& reason) override {
    if (!can_forget()) throw mrf::base::Error(status, "fetch", "x", reason);
    content.clear();
    ++forgotten;
  }
  void finish() override {}
  std::string text() const {
    std::string all;
    for (const auto& [at, c] : content) all += c;
    return all;
  }

  std::vector<mrf::fetch::ByteRange> found;
  std::map<std::uint64_t, char> content;
  std::uint64_t ahead = 0;
  std::uint64_t given = 0;
  int forgotten = 0;
};

mrf::http::ResponseHead whole(const char* etag, std::uint64_t total) {
  mrf::http::ResponseHead head;
  head.add_line("HTTP/1.1 200 OK");
  head.add_line(std::string("ETag: ") + etag);
  head.add_line("Content-Length: " + std::to_string(total));
  return head;
}
// The answer to what a claim asks for.
mrf::http::ResponseHead part(const char* etag, const mrf::fetch::Claim& claim, std::uint64_t total) {
  mrf::http::ResponseHead head;
  head.add_line("HTTP/1.1 206 Partial Content");
  head.add_line(std::string("ETag: ") + etag);
  head.add_line("Content-Range: bytes " + std::to_string(claim.at) + "-" + std::to_string(claim.end - 1) +
                "/" + std::to_string(total));
  return head;
}

constexpr mrf::fetch::PartSizes small{4, 4, 64, 4};

}  // namespace

TEST_CASE("a size that no file has takes no memory, from any end of what is there") {
  const std::uint64_t total = 9000000000000000000;
  for (const bool in_order : {false, true}) {
    Sink sink;
    if (in_order) sink.ahead = 64;
    if (!in_order) sink.found = {{1000, 2000}, {total / 2, total / 2 + 1}};
    mrf::fetch::PartPool pool(sink, small, "x");
    mrf::fetch::Claim first;
    CHECK(pool.claim(first) == Next::claimed);
    CHECK(pool.accept(first, whole("\"a\"", total)));
    std::vector<mrf::fetch::Claim> claims(5);
    for (std::uint64_t i = 0; i < claims.size(); ++i) {
      REQUIRE(pool.claim(claims[i]) == Next::claimed);
      CHECK(claims[i].at == 4 * (i + 1));
      CHECK(claims[i].end == 4 * (i + 2));
    }
  }
}

TEST_CASE("parts in turn make the object, whoever fetches them") {
  const std::string object = "0123456789abcdefghijklm";
  Sink sink;
  sink.found = {{5, 7}, {12, 13}};
  mrf::fetch::PartPool pool(sink, small, "x");
  sink.content[5] = '5', sink.content[6] = '6', sink.content[12] = 'c';
  mrf::fetch::Claim first;
  CHECK(pool.claim(first) == Next::claimed);
  CHECK(pool.accept(first, whole("\"a\"", object.size())));
  CHECK(pool.take(first, object.substr(0, 2)));
  mrf::fetch::Claim claim;
  while (pool.claim(claim) == Next::claimed) {
    REQUIRE(pool.accept(claim, part("\"a\"", claim, object.size())));
    pool.take(claim, std::string_view(object).substr(claim.at, claim.end - claim.at));
    CHECK(pool.end(claim, true));
  }
  CHECK(pool.take(first, object.substr(2, 2)));
  CHECK_FALSE(pool.take(first, object.substr(4)));
  CHECK(pool.end(first, false));
  while (pool.claim(claim) == Next::claimed) {
    REQUIRE(pool.accept(claim, part("\"a\"", claim, object.size())));
    pool.take(claim, std::string_view(object).substr(claim.at, claim.end - claim.at));
    CHECK(pool.end(claim, true));
  }
  CHECK(pool.is_over());
  CHECK(sink.text() == object);
}

TEST_CASE("of mirrors that differ the first response goes on alone, over what others brought") {
  const std::string object = "0123456789abcdefghij";
  for (const std::uint64_t ahead : {0, 64}) {
    Sink sink;
    sink.ahead = ahead;
    mrf::fetch::PartPool pool(sink, small, "x");
    mrf::fetch::Claim first;
    mrf::fetch::Claim same;
    mrf::fetch::Claim slow;
    mrf::fetch::Claim other;
    mrf::fetch::Claim later;
    pool.claim(first);
    CHECK(pool.accept(first, whole("\"a\"", object.size())));
    CHECK(pool.take(first, object.substr(0, 1)));
    CHECK(pool.claim(same) == Next::claimed);
    CHECK(pool.claim(slow) == Next::claimed);
    CHECK(pool.claim(other) == Next::claimed);
    CHECK(pool.accept(same, part("\"a\"", same, object.size())));
    CHECK(pool.accept(slow, part("\"a\"", slow, object.size())));
    CHECK(pool.take(same, object.substr(same.at, 4)));
    CHECK(pool.end(same, true));
    CHECK(pool.take(slow, object.substr(slow.at, 1)));
    CHECK_FALSE(pool.accept(other, part("\"b\"", other, object.size())));
    CHECK(pool.end(other, false));
    CHECK(pool.claim(later) == Next::wait);
    CHECK(pool.take(first, object.substr(1)));
    CHECK(pool.take(slow, object.substr(slow.at + 1, 3)));
    CHECK(pool.end(slow, true));
    CHECK(pool.end(first, true));
    CHECK(pool.is_over());
    CHECK(sink.text() == object);
    CHECK(sink.forgotten == 0);
  }
}

TEST_CASE("where parts are refused the object comes in one response") {
  const std::string object = "0123456789abcdefghij";
  Sink sink;
  mrf::fetch::PartPool pool(sink, small, "x");
  mrf::fetch::Claim first;
  mrf::fetch::Claim refused;
  mrf::fetch::Claim late;
  mrf::fetch::Claim later;
  pool.claim(first);
  CHECK(pool.accept(first, whole("\"a\"", object.size())));
  CHECK_FALSE(pool.goes_on_without_ranges(first));
  CHECK(pool.claim(refused) == Next::claimed);
  CHECK(pool.claim(late) == Next::claimed);
  CHECK_FALSE(pool.end(refused, false));
  CHECK(pool.goes_on_without_ranges(refused));
  CHECK(pool.claim(later) == Next::wait);
  CHECK(pool.take(first, object.substr(0, 6)));
  CHECK_FALSE(pool.end(first, false));
  CHECK_FALSE(pool.end(late, false));
  CHECK(pool.goes_on_without_ranges(late));
  CHECK(pool.claim(later) == Next::claimed);
  CHECK_FALSE(later.ranged);
  CHECK_FALSE(pool.goes_on_without_ranges(later));
  CHECK(pool.accept(later, whole("\"a\"", object.size())));
  CHECK(pool.take(later, object));
  CHECK(pool.end(later, true));
  CHECK(pool.is_over());
  CHECK(pool.goes_on_without_ranges(late));
  CHECK(sink.text() == object);
}

TEST_CASE("a refusal behind parts that came is final, when no whole response runs") {
  Sink sink;
  mrf::fetch::PartPool pool(sink, small, "x");
  mrf::fetch::Claim first;
  mrf::fetch::Claim good;
  mrf::fetch::Claim refused;
  pool.claim(first);
  CHECK(pool.accept(first, whole("\"a\"", 20)));
  pool.claim(good);
  CHECK(pool.accept(good, part("\"a\"", good, 20)));
  CHECK(pool.take(good, "4567"));
  CHECK(pool.end(good, true));
  pool.claim(refused);
  CHECK_FALSE(pool.end(first, false));
  CHECK_FALSE(pool.end(refused, false));
  CHECK_FALSE(pool.goes_on_without_ranges(refused));
}

TEST_CASE("a part that is left over from a single stream is asked for by itself") {
  const std::string object = "0123456789abcdefghij";
  Sink sink;
  mrf::fetch::PartPool pool(sink, small, "x");
  mrf::fetch::Claim first;
  mrf::fetch::Claim slow;
  mrf::fetch::Claim other;
  pool.claim(first);
  CHECK(pool.accept(first, whole("\"a\"", object.size())));
  pool.claim(slow);
  pool.claim(other);
  CHECK(pool.accept(slow, part("\"a\"", slow, object.size())));
  CHECK_FALSE(pool.accept(other, part("\"b\"", other, object.size())));
  CHECK(pool.end(other, false));
  CHECK(pool.take(first, object));
  CHECK(pool.end(first, true));
  CHECK_FALSE(pool.is_over());
  CHECK_FALSE(pool.end(slow, false));
  mrf::fetch::Claim rest;
  CHECK(pool.claim(rest) == Next::claimed);
  CHECK(rest.ranged);
  CHECK(rest.at == 4);
  CHECK(rest.end == 8);
  CHECK(pool.accept(rest, part("\"a\"", rest, object.size())));
  CHECK(pool.take(rest, object.substr(4, 4)));
  CHECK(pool.end(rest, true));
  CHECK(pool.is_over());
  CHECK(sink.text() == object);
}

TEST_CASE("what cannot be taken back is only continued by the same version") {
  Sink sink;
  sink.ahead = 64;
  mrf::fetch::PartPool pool(sink, small, "x");
  mrf::fetch::Claim claim;
  pool.claim(claim);
  CHECK(pool.accept(claim, whole("\"a\"", 20)));
  CHECK(pool.take(claim, "01"));
  CHECK_FALSE(pool.end(claim, false));
  for (int i = 0; i < 2; ++i) {
    CHECK(pool.claim(claim) == Next::claimed);
    CHECK_FALSE(pool.accept(claim, part("\"b\"", claim, 20)));
    CHECK(claim.objection == "the object changed while it was fetched");
    CHECK_FALSE(pool.end(claim, false));
  }
  CHECK(pool.claim(claim) == Next::claimed);
  CHECK_THROWS_AS((void)pool.accept(claim, part("\"b\"", claim, 20)), mrf::base::Error);
}

TEST_CASE("a long rest goes on to an output in order that has little room") {
  Sink sink;
  sink.ahead = 8;
  mrf::fetch::PartPool pool(sink, {1000, 1000, 8, 1}, "x");
  mrf::fetch::Claim claim;
  pool.claim(claim);
  CHECK(pool.accept(claim, whole("\"a\"", 500)));
  CHECK(pool.take(claim, "01"));
  CHECK_FALSE(pool.end(claim, false));
  CHECK(pool.claim(claim) == Next::claimed);
  CHECK(claim.at == 2);
  CHECK(claim.end == 500);
}

TEST_CASE("the stored form of an object is asked for when a store decodes it") {
  Sink sink;
  mrf::fetch::PartPool pool(sink, small, "x");
  mrf::fetch::Claim claim;
  pool.claim(claim);
  CHECK(mrf::fetch::PartPool::request_fields(claim).front() == "Accept-Encoding: identity");
  auto decoded = whole("\"a\"", 20);
  decoded.add_line("x-goog-stored-content-encoding: gzip");
  CHECK_FALSE(pool.accept(claim, decoded));
  CHECK(pool.end(claim, false));
  pool.claim(claim);
  CHECK(mrf::fetch::PartPool::request_fields(claim).front() == "Accept-Encoding: gzip");
  auto stored = decoded;
  stored.add_line("Content-Encoding: gzip");
  CHECK(pool.accept(claim, stored));
  pool.claim(claim);
  CHECK(mrf::fetch::PartPool::request_fields(claim).front() == "Accept-Encoding: gzip");
}
