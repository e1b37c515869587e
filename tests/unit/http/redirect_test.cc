// SPDX-License-Identifier: MIT
#include "http/redirect.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace {

mrf::http::ResponseHead to(const std::string& location) {
  mrf::http::ResponseHead head;
  head.add_line("HTTP/1.1 302 Found");
  if (!location.empty()) head.add_line("Location: " + location);
  return head;
}

mrf::http::Request request(const char* url) {
  return {mrf::http::Url::parse(url),
          {"Authorization: Bearer hidden", "cookie: a=b", "X-Auth-Token: hidden", "accept: */*",
           "Range: bytes=1-"}};
}

}  // namespace

TEST_CASE("a redirection on the same host keeps everything") {
  const auto next = mrf::http::follow_redirect(request("http://u:p@h/a"), to("/b"));
  CHECK(next.url.text() == "http://h/b");
  CHECK(next.url.credentials() == "u:p");
  CHECK(next.headers.size() == 5);
  CHECK(next.is_trusted);
}

TEST_CASE("a signature and what the user trusts a host with stay on that host") {
  auto signed_request = request("https://h/a");
  signed_request.signature = {"access", "secret", "region"};
  CHECK(mrf::http::follow_redirect(signed_request, to("/b")).signature);
  const auto elsewhere = mrf::http::follow_redirect(signed_request, to("https://other/b"));
  CHECK_FALSE(elsewhere.signature);
  CHECK_FALSE(elsewhere.is_trusted);
  CHECK_FALSE(mrf::http::follow_redirect(elsewhere, to("https://h/a")).is_trusted);
}

TEST_CASE("a redirection to another host carries no credentials but keeps the range") {
  for (const char* location : {"http://other/b", "//other/b", "http://h:81/b", "http://h.other/b"}) {
    CAPTURE(location);
    const auto next = mrf::http::follow_redirect(request("http://u:p@h/a"), to(location));
    CHECK(next.url.credentials().empty());
    CHECK(next.headers == std::vector<std::string>{"accept: */*", "Range: bytes=1-"});
  }
}

TEST_CASE("redirections that are not followed") {
  const auto refused = [](const char* from, const char* location) {
    try {
      (void)mrf::http::follow_redirect(request(from), to(location));
    } catch (const mrf::base::Error& error) {
      CHECK(error.status() == mrf::base::Status::refused);
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refused("https://h/a", "http://h/b?sig=hidden") ==
        "cannot follow redirection to 'http://h/b?sig=...': it leads from https to http");
  CHECK(refused("http://h/a", "ftp://h/b") ==
        "cannot follow redirection to 'ftp://h/b': neither http nor https");
  CHECK(refused("http://h/a", "") ==
        "cannot fetch 'http://h/a': the server redirects without saying where to");
  CHECK(refused("http://h/a", "https://h/b").empty());
}
