// SPDX-License-Identifier: MIT
#include "http/server_reason.h"

#include <doctest/doctest.h>

namespace {

std::string reason(const char* status_line, std::string_view body) {
  mrf::http::ResponseHead head;
  head.add_line(status_line);
  return mrf::http::server_reason(head, body);
}

}  // namespace

TEST_CASE("the message of an XML error is the reason") {
  CHECK(reason("HTTP/1.1 403 Forbidden",
               "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Request has "
               "expired</Message></Error>") == "Request has expired (HTTP 403)");
  CHECK(reason("HTTP/1.1 404 Not Found",
               "<Error><Message>No &lt;such&gt; &amp;lt;key&apos;.</Message></Error>") ==
        "No <such> &lt;key' (HTTP 404)");
}

TEST_CASE("the message of a JSON error is the reason") {
  CHECK(reason("HTTP/1.1 404 N", R"({"msg":"no such object.","status_code":404})") ==
        "no such object (HTTP 404)");
  CHECK(reason("HTTP/1.1 401 N", R"( {"error":{"code":401,"message":"Anonymous caller"}})") ==
        "Anonymous caller (HTTP 401)");
  CHECK(reason("HTTP/1.1 400 N", R"({"message":"bad id"})") == "bad id (HTTP 400)");
  for (const char* body : {"{", "{}", R"({"error":"x"})", R"({"msg":7})", "[1]"})
    CHECK(reason("HTTP/1.1 404 Not Here", body) == "Not Here (HTTP 404)");
}

TEST_CASE("without one it is the reason phrase") {
  CHECK(reason("HTTP/1.1 404 Gone Fishing", "<html>") == "Gone Fishing (HTTP 404)");
  CHECK(reason("HTTP/2 403 ", "") == "Forbidden (HTTP 403)");
  CHECK(reason("HTTP/1.1 418", "<Message>cut") == "no reason given (HTTP 418)");
}

TEST_CASE("a reason is one printable line without secrets") {
  CHECK(reason("HTTP/1.1 403 F", "<Message>a\r\n\tb \x1b[31m</Message>") == "a b [31m (HTTP 403)");
  CHECK(reason("HTTP/1.1 403 F", "<Message>no http://u:p@h/k?sig=abc here</Message>") ==
        "no http://h/k?sig=... here (HTTP 403)");
  CHECK(reason("HTTP/1.1 403 F", "<Message>no http://h/k?sig=abc</Message>") ==
        "no http://h/k?sig=... (HTTP 403)");
  CHECK(reason("HTTP/1.1 403 bad Bearer abc", "") == "bad Bearer ... (HTTP 403)");
  CHECK(reason("HTTP/1.1 403 F", "<Message>" + std::string(5000, 'x') + "</Message>").size() < 400);
}
