// SPDX-License-Identifier: MIT
#include "http/url.h"

#include <doctest/doctest.h>

#include "base/error.h"

using mrf::http::Url;

TEST_CASE("userinfo and fragment are not part of the text that is asked for") {
  const auto url = Url::parse("https://me:p%40ss@example.org:8443/a%20b/c.bam?x=1#top");
  CHECK(url.text() == "https://example.org:8443/a%20b/c.bam?x=1");
  CHECK(url.credentials() == "me:p@ss");
  CHECK(url.is_https());
  CHECK(url.last_component() == "c.bam");
}

TEST_CASE("a URL is the same beside another one of its server and by itself") {
  for (const char* text :
       {"http://h:81/a/b.bam", "http://h:81/", "http://h:81//a", "http://h:81/../a", "http://h:81/a b",
        "http://h:81/a%20b", "http://h:81/a?b", "http://h:81/a#b", "http://h:81", "http://h:812/a",
        "http://h/a", "https://h:81/a", "HTTP://H:81/a", "http://u:p@h:81/a", "http://h:81/\xc3\xa4",
        "http://h:81@g/a", "http://127.1/a"}) {
    CAPTURE(text);
    (void)Url::parse("http://nowhere/");
    const auto alone = Url::parse(text);
    (void)Url::parse("http://h:81/first/x");
    const auto beside = Url::parse(text);
    CHECK(beside.text() == alone.text());
    CHECK(beside.path() == alone.path());
    CHECK(beside.origin() == alone.origin());
    CHECK(beside.credentials() == alone.credentials());
    CHECK(beside.shown() == alone.shown());
  }
  for (const char* text : {"http://h:81:///x", "http://h:81\\x", "http://h:81x/y"}) {
    CAPTURE(text);
    (void)Url::parse("http://h:81/first/x");
    CHECK_THROWS_AS(Url::parse(text), mrf::base::UsageError);
  }
}

TEST_CASE("what names no object is a usage error that shows no secret") {
  for (const char* text :
       {"", "example.org/x", "sftp://example.org/x", "file:///etc/passwd", "http://", "http:///x"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Url::parse(text), mrf::base::UsageError);
  }
  CHECK_THROWS_WITH_AS(Url::parse("sftp://me:hidden@host/x?sig=hidden"),
                       "cannot use URL 'sftp://host/x?sig=...': none of http, https, ftp, ftps, s3, gs, drs",
                       mrf::base::UsageError);
  CHECK_THROWS_WITH_AS(Url::parse("me:hidden@host/x?token=hidden"),
                       "cannot use URL 'host/x?token=...': it starts with none of http://, https://, ftp://, "
                       "ftps://, s3://, gs://, drs://",
                       mrf::base::UsageError);
}

TEST_CASE("the values of secret parameters are not shown") {
  const auto shown = [](const char* text) { return Url::parse(text).shown(); };
  CHECK(
      shown("https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=AKIA&X-Amz-Signature=abc&n=1") ==
      "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=...&X-Amz-Signature=...&n=1");
  CHECK(shown("https://h/k?X-Amz-Security-Token=abc") == "https://h/k?X-Amz-Security-Token=...");
  CHECK(shown("https://h/k?X-Goog-Signature=abc&X-Goog-Date=1") ==
        "https://h/k?X-Goog-Signature=...&X-Goog-Date=1");
  CHECK(shown("https://h/k?sv=1&sig=a%2Bb") == "https://h/k?sv=1&sig=...");
  CHECK(shown("https://h/k?AWSAccessKeyId=a&Signature=b&Expires=1") ==
        "https://h/k?AWSAccessKeyId=...&Signature=...&Expires=1");
  CHECK(shown("https://h/k?access_token=a;PASSWORD=b") == "https://h/k?access_token=...;PASSWORD=...");
  CHECK(shown("https://h/k?%73ig=a") == "https://h/k?%73ig=...");
  CHECK(shown("https://h/r?to=https%3A%2F%2Fg%2Fx%3Fsig%3Da&n=1") == "https://h/r?to=...&n=1");
  CHECK(shown("https://h/r?to=%2Fx%253Ftoken%253Da") == "https://h/r?to=...");
  CHECK(shown("https://h/r?to=https://u:p@g/") == "https://h/r?to=...");
  CHECK(shown("https://h/r?to=%2Fx%3Fn%3Da&by=a%40b") == "https://h/r?to=%2Fx%3Fn%3Da&by=a%40b");
  CHECK(shown("https://u:p@h/k?plain") == "https://h/k?plain");
  CHECK(shown("https://u:p@w/o@h/k") == "https://...@h/k");
  CHECK(shown("https://u:p@w?o@h/k") == "https://...");
  CHECK(shown("https://u:1/w@h/k") == "https://...@h/k");
}

TEST_CASE("the last component of the path is a file name or nothing") {
  CHECK(Url::parse("http://h/").last_component().empty());
  CHECK(Url::parse("http://h").last_component().empty());
  CHECK(Url::parse("http://h/a/b/").last_component().empty());
  CHECK(Url::parse("http://h/a/b.bam?c=/d").last_component() == "b.bam");
  CHECK(Url::parse("http://h/a%20b%2Fc").last_component() == "c");
  CHECK(Url::parse("http://h/%2e%2e%2f..").last_component() == "..");
  CHECK(Url::parse("http://h/100%").last_component() == "100%");
}

TEST_CASE("locations are resolved as RFC 3986 says") {
  const auto base = Url::parse("http://me:pw@h:81/a/b?q=1");
  CHECK(base.resolve("c").text() == "http://h:81/a/c");
  CHECK(base.resolve("/c?d").text() == "http://h:81/c?d");
  CHECK(base.resolve("//other/c").text() == "http://other/c");
  CHECK(base.resolve("https://other/c").text() == "https://other/c");
  CHECK(base.resolve("https://other/c").credentials().empty());
  CHECK_THROWS_AS(base.resolve("ftp://other/c"), mrf::base::Error);
  CHECK_THROWS_AS(base.resolve("file:///etc/passwd"), mrf::base::Error);
}

TEST_CASE("credentials are for one host, port and scheme") {
  const auto base = Url::parse("http://h/a");
  CHECK(base.trusts(Url::parse("http://h:80/b")));
  CHECK(base.trusts(Url::parse("http://H/b")));
  CHECK(base.trusts(Url::parse("https://h/b")));
  CHECK_FALSE(base.trusts(Url::parse("https://h:444/b")));
  CHECK_FALSE(base.trusts(Url::parse("http://h:81/b")));
  CHECK_FALSE(base.trusts(Url::parse("http://h.example/b")));
  CHECK_FALSE(Url::parse("https://h/a").trusts(base));
}

TEST_CASE("other schemes than those of HTTP") {
  for (const char* text : {"ftp://h", "ftp://h/", "ftp://h/dir/", "ftps://h/dir%2f", "ftp://h/dir/;type=i",
                           "ftp://h/a;type=a", "ftp://h/a;type=d", "ftp://h/a;type=A", "ftp://h/a;type=ix",
                           "ftp://h/a;type=a/b", "ftp://h/a%0d%0ab"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Url::parse(text), mrf::base::UsageError);
  }
  const auto typed = Url::parse("ftp://h/dir/a%3b;type=I");
  CHECK(typed.text() == "ftp://h/dir/a%3b");
  CHECK(typed.last_component() == "a;");
  const auto ftp = Url::parse("ftp://me:p%40ss@h/a%20b");
  CHECK(ftp.is_ftp());
  CHECK_FALSE(ftp.is_name());
  CHECK(ftp.credentials() == "me:p@ss");
  CHECK(ftp.last_component() == "a b");
  const auto drs = Url::parse("drs://h/1");
  CHECK(drs.is_name());
  CHECK(drs.port() == "443");
  CHECK(drs.shown() == "drs://h/1");
  const auto key = Url::parse("S3://b/a?b#c%20d");
  CHECK(key.is_name());
  CHECK(key.host() == "b");
  CHECK(key.path() == "/a?b#c%20d");
  CHECK(key.text() == "s3://b/a?b#c%20d");
  CHECK_FALSE(key.trusts(Url::parse("https://b/a")));
  for (const char* location : {"s3://b/k", "gs://b/k", "drs://h/1", "ftp://h/x"}) {
    CAPTURE(location);
    CHECK_THROWS_AS(Url::parse("https://h/").resolve(location), mrf::base::Error);
  }
}
