// SPDX-License-Identifier: MIT
#include "http/response_head.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "http/object_version.h"

namespace {

mrf::ResponseHead head(std::initializer_list<const char*> lines) {
  mrf::ResponseHead parsed;
  for (const char* line : lines) parsed.add_line(line);
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
  for (const char* value :
       {"Content-Length: x", "Content-Length:", "Content-Length: -1", "Content-Length: 1 2"}) {
    CAPTURE(value);
    CHECK_THROWS_AS((void)head({"HTTP/1.1 200", value}).content_length(), mrf::DataError);
  }
  CHECK_THROWS_AS((void)head({"HTTP/1.1 200", "Content-Length: 1", "Content-Length: 2"}).content_length(),
                  mrf::DataError);
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
    return mrf::version_of(head({"HTTP/1.1 200", tag, length}));
  };
  const auto one = version("ETag: \"a\"", "Content-Length: 10");
  CHECK(surely_equal(one, one));
  CHECK(surely_equal(one, version("ETag: \"a\"", "X: y")));
  CHECK_FALSE(surely_equal(one, version("ETag: \"b\"", "Content-Length: 10")));
  CHECK_FALSE(surely_equal(one, version("ETag: \"a\"", "Content-Length: 11")));
  const auto weak = version("ETag: W/\"a\"", "Content-Length: 10");
  CHECK_FALSE(surely_equal(weak, weak));
  const auto none = version("X: y", "Content-Length: 10");
  CHECK_FALSE(surely_equal(none, none));
}
