// SPDX-License-Identifier: MIT
#include "http/response_head.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http/object_version.h"

namespace {

mrf::http::ResponseHead head(const std::vector<std::string>& lines) {
  mrf::http::ResponseHead parsed;
  for (const auto& line : lines) parsed.add_line(line);
  return parsed;
}

}  // namespace

TEST_CASE("status, reason and fields, in any case, without blanks around them") {
  const auto parsed = head({"HTTP/1.1 200 OK\r\n", "ETag:  \"x\" \r\n", "x-a: 1", "X-A: 2", "\r\n"});
  CHECK(parsed.status() == 200);
  CHECK(parsed.reason() == "OK");
  CHECK(parsed.field("etag") == "\"x\"");
  CHECK(parsed.fields("X-a") == std::vector<std::string>{"1", "2"});
  CHECK_FALSE(parsed.field("none"));
}

TEST_CASE("a second status line starts anew; HTTP/2 has no reason of its own") {
  const auto parsed = head({"HTTP/1.1 100 Continue", "A: b", "HTTP/2 404 "});
  CHECK(parsed.status() == 404);
  CHECK(parsed.reason() == "Not Found");
  CHECK_FALSE(parsed.field("A"));
  CHECK(head({"HTTP/1.1 "}).status() == 0);
}

TEST_CASE("a content length is one number") {
  CHECK(head({"HTTP/1.1 200", "Content-Length: 12"}).content_length() == 12);
  CHECK(head({"HTTP/1.1 200", "Content-Length: 12", "Content-Length: 12"}).content_length() == 12);
  CHECK_FALSE(head({"HTTP/1.1 200"}).content_length());
  CHECK(head({"HTTP/1.1 200", "Content-Length: 12, 12"}).content_length() == 12);
  CHECK(head({"HTTP/1.1 200", "Content-Length: 9223372036854775807"}).length_fault().empty());
  for (const char* value :
       {"x", "", "-1", "+12", "1 2", "1,", "9223372036854775808", "99999999999999999999"}) {
    CAPTURE(value);
    const auto bad = head({"HTTP/1.1 200", std::string("Content-Length: ") + value});
    CHECK_FALSE(bad.content_length());
    CHECK(bad.length_fault() ==
          std::string("the server sends 'Content-Length: ") + value + "', which is no size");
  }
  for (const auto& two : {head({"HTTP/1.1 200", "Content-Length: 1", "Content-Length: 2"}),
                          head({"HTTP/1.1 200", "Content-Length: 1, 2"})}) {
    CHECK_FALSE(two.content_length());
    CHECK(two.length_fault() == "the server sends two lengths, 1 and 2");
  }
}

TEST_CASE("a head of more than a megabyte is not kept") {
  mrf::http::ResponseHead endless;
  endless.add_line("HTTP/1.1 200 OK");
  for (int i = 0; i < 300; ++i) endless.add_line("X: " + std::string(4096, 'x'));
  CHECK(endless.is_too_long());
  CHECK(endless.fields("X").size() < 260);
}

TEST_CASE("a store that undoes a content encoding says so") {
  CHECK(head({"HTTP/1.1 200", "x-goog-stored-content-encoding: gzip"}).is_decoded());
  CHECK_FALSE(
      head({"HTTP/1.1 200", "x-goog-stored-content-encoding: gzip", "Content-Encoding: gzip"}).is_decoded());
  CHECK_FALSE(head({"HTTP/1.1 200", "x-goog-stored-content-encoding: identity"}).is_decoded());
  CHECK_FALSE(head({"HTTP/1.1 200", "Content-Encoding: gzip"}).is_decoded());
}

TEST_CASE("content ranges") {
  const auto range = [](const char* value) { return head({"HTTP/1.1 206", value}).content_range(); };
  const auto good = range("Content-Range: bytes 5-9/10");
  REQUIRE(good);
  CHECK(good->satisfied);
  CHECK(good->first == 5);
  CHECK(good->last == 9);
  CHECK(good->total == 10);
  CHECK_FALSE(range("Content-Range: Bytes 5-9/*")->total);
  CHECK(range("Content-Range: bytes */10")->total == 10);
  CHECK_FALSE(range("Content-Range: bytes */10")->satisfied);
  for (const char* value :
       {"X: y", "Content-Range: bytes 5-9", "Content-Range: lines 5-9/10", "Content-Range: bytes 5-10/10",
        "Content-Range: bytes 9-5/10", "Content-Range: bytes -5/10", "Content-Range: bytes 5-9/x",
        "Content-Range: bytes", "Content-Range: bytes 5-9/10, 1-2/10"}) {
    CAPTURE(value);
    CHECK_FALSE(range(value));
  }
}

TEST_CASE("the same object is one with the same strong entity tag, and nothing against it") {
  const auto version = [](const char* tag, const char* length) {
    return mrf::http::version_of(head({"HTTP/1.1 200", tag, length}));
  };
  const auto one = version("ETag: \"a\"", "Content-Length: 10");
  CHECK(surely_equal(one, one));
  CHECK(surely_equal(one, version("ETag: \"a\"", "X: y")));
  CHECK_FALSE(surely_equal(one, version("ETag: \"b\"", "Content-Length: 10")));
  CHECK_FALSE(surely_equal(one, version("ETag: \"a\"", "Content-Length: 11")));
  const auto weak = version("ETag: W/\"a\"", "Content-Length: 10");
  CHECK_FALSE(surely_equal(weak, weak));
  const auto empty = version("ETag: \"\"", "Content-Length: 10");
  CHECK_FALSE(surely_equal(empty, empty));
  const auto none = version("X: y", "Content-Length: 10");
  CHECK_FALSE(surely_equal(none, none));
}
