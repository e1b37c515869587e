// SPDX-License-Identifier: MIT
#include "store/s3.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "store/gcs.h"
#include "store_environment.h"

using mrf::StoreEnvironment;
using mrf::http::Url;
using mrf::store::S3;

namespace {

mrf::http::Answer s3_answer(const mrf::http::Request&, std::chrono::milliseconds, const std::stop_token&) {
  throw mrf::base::Error(mrf::base::Status::unavailable, "ask", "x", "no answer");
}

void wake_nobody() {}

// What is sent when the credentials have been looked for.
mrf::http::Request s3_request(S3& s3, const mrf::http::Request& named) {
  for (const auto look = s3.awaited(named); !s3.is_over(look);) {
    s3.poll();
    std::this_thread::yield();
  }
  return s3.request(named);
}

std::string s3_address(const char* name, mrf::store::S3Options options = {}) {
  S3 s3(std::move(options), s3_answer, wake_nobody);
  return s3_request(s3, {Url::parse(name), {}}).url.text();
}

bool has_line(const mrf::http::Request& request, const std::string& line) {
  return std::find(request.headers.begin(), request.headers.end(), line) != request.headers.end();
}

mrf::http::ResponseHead s3_head(const char* status, const char* field = "") {
  mrf::http::ResponseHead head;
  head.add_line(std::string("HTTP/1.1 ") + status);
  head.add_line(field);
  return head;
}

}  // namespace

TEST_CASE("a bucket is a part of the host at AWS, and of the path elsewhere") {
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  CHECK(s3_address("s3://b-1/a/k") == "https://b-1.s3.us-east-1.amazonaws.com/a/k");
  CHECK(s3_address("s3://b.c/k") == "https://s3.us-east-1.amazonaws.com/b.c/k");
  CHECK(s3_address("s3://Upper_case/k") == "https://s3.us-east-1.amazonaws.com/Upper_case/k");
  CHECK(s3_address("s3://b/k", {.region = "eu-west-3"}) == "https://b.s3.eu-west-3.amazonaws.com/k");
  CHECK(s3_address("s3://b/k", {.region = "cn-north-1"}) == "https://b.s3.cn-north-1.amazonaws.com.cn/k");
  const StoreEnvironment elsewhere({{"AWS_EC2_METADATA_DISABLED", "true"},
                                    {"AWS_ENDPOINT_URL", "http://all:1"},
                                    {"AWS_ENDPOINT_URL_S3", "https://s3.example.org/"},
                                    {"AWS_DEFAULT_REGION", "r-2"}});
  CHECK(s3_address("s3://b/k") == "https://s3.example.org/b/k");
  for (const char* name : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}) {
    const StoreEnvironment odd({{"AWS_EC2_METADATA_DISABLED", "true"}, {name, "me:hidden@127.0.0.1:9"}});
    const std::string message = "cannot use " + std::string(name) +
                                " '127.0.0.1:9': it is not of the form http://HOST or https://HOST";
    CHECK_THROWS_WITH_AS(s3_address("s3://b/k"), message.c_str(), mrf::base::Error);
    const StoreEnvironment user({{"AWS_EC2_METADATA_DISABLED", "true"}, {name, "https://me:hidden@h:9"}});
    const std::string of_user = "cannot use " + std::string(name) +
                                " 'https://h:9': it has a user name or a password in front of the host, "
                                "which no endpoint takes";
    CHECK_THROWS_WITH_AS(s3_address("s3://b/k"), of_user.c_str(), mrf::base::Error);
  }
  const StoreEnvironment below(
      {{"AWS_EC2_METADATA_DISABLED", "true"}, {"AWS_ENDPOINT_URL", "http://h:1/s3/"}});
  CHECK(s3_address("s3://b/k") == "http://h:1/s3/b/k");
}

TEST_CASE("every character of a key is its own") {
  const StoreEnvironment environment(
      {{"AWS_EC2_METADATA_DISABLED", "true"}, {"AWS_ENDPOINT_URL", "http://h:9"}});
  CHECK(s3_address("s3://b/a b+c%20d?e=f&g#h") == "http://h:9/b/a%20b%2Bc%2520d%3Fe%3Df%26g%23h");
  CHECK(s3_address("s3://b/\xc3\xa4/~x-._!*'()@:") == "http://h:9/b/%C3%A4/~x-._%21%2A%27%28%29%40%3A");
  CHECK(s3_address("s3://b//a//../b/.") == "http://h:9/b//a//../b/.");
  for (const char* name : {"s3://b", "s3://b/", "s3:///k", "s3://b c/k", "s3://u:p@b/k"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(Url::parse(name), mrf::base::UsageError);
  }
  CHECK(Url::parse("s3://b/a%2Fb c?d").last_component() == "a%2Fb c?d");
  CHECK(Url::parse("s3://b/a@b:c").shown() == "s3://b/a@b:c");
  CHECK(Url::parse("s3://b/k?X-Amz-Signature=hidden").shown() == "s3://b/k?X-Amz-Signature=...");
}

TEST_CASE("requests are signed, ask for checksums, and say who pays") {
  const StoreEnvironment environment({{"AWS_ACCESS_KEY_ID", "A:a"},
                                      {"AWS_SECRET_ACCESS_KEY", "B"},
                                      {"AWS_SESSION_TOKEN", "T"},
                                      {"AWS_REGION", "r-1"}});
  S3 s3({.payer = true}, s3_answer, wake_nobody);
  const auto request = s3_request(s3, {Url::parse("s3://b/k"), {"Range: bytes=1-2", "If-Match: \"x\""}});
  REQUIRE(request.signature);
  CHECK(request.signature->access_key == "A:a");
  CHECK(request.signature->region == "r-1");
  CHECK_FALSE(request.is_trusted);
  for (const char* line :
       {"Range: bytes=1-2", "If-Match: \"x\"", "x-amz-checksum-mode: ENABLED",
        "x-amz-request-payer: requester", "x-amz-security-token: T",
        "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}) {
    CAPTURE(line);
    CHECK(has_line(request, line));
  }
  const auto part = s3.part_request({Url::parse("s3://b/k"), {"Range: bytes=1-2", "If-Match: \"x\""}}, 7);
  CHECK(part.url.text() == "https://b.s3.r-1.amazonaws.com/k?partNumber=7");
  CHECK(part.method == mrf::http::Method::head);
  CHECK_FALSE(has_line(part, "Range: bytes=1-2"));
  S3 anonymous({.is_unsigned = true}, s3_answer, wake_nobody);
  CHECK_FALSE(s3_request(anonymous, {Url::parse("s3://b/k"), {}}).signature);
  CHECK_FALSE(anonymous.lacks_credentials());
}

TEST_CASE("a bucket in another region is asked for there, once") {
  const StoreEnvironment environment({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}});
  S3 s3({}, s3_answer, wake_nobody);
  const mrf::http::Request named{Url::parse("s3://b/k"), {}};
  const auto elsewhere = s3_head("301 Moved", "x-amz-bucket-region: eu-west-1");
  CHECK(s3.learn(named, s3_request(s3, named), elsewhere, ""));
  CHECK(s3_request(s3, named).url.text() == "https://b.s3.eu-west-1.amazonaws.com/k");
  CHECK(s3_request(s3, named).signature->region == "eu-west-1");
  CHECK_FALSE(s3.learn(named, s3_request(s3, named), elsewhere, ""));
  CHECK(s3_request(s3, {Url::parse("s3://other/k"), {}}).signature->region == "us-east-1");
  const std::string body =
      "<Error><Code>AuthorizationHeaderMalformed</Code><Region>ap-south-1</Region></Error>";
  CHECK(s3.learn(named, s3_request(s3, named), s3_head("400 Bad"), body));
  CHECK(s3_request(s3, named).signature->region == "ap-south-1");
  CHECK_FALSE(
      s3.learn(named, s3_request(s3, named), s3_head("403 No", "x-amz-bucket-region: evil.org/"), ""));
  CHECK_FALSE(
      s3.learn(named, s3_request(s3, named), s3_head("404 No", "x-amz-bucket-region: us-west-1"), ""));
}

TEST_CASE("requests that were under way when a bucket's region was learned are sent again, too") {
  const StoreEnvironment environment({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}});
  const auto elsewhere = s3_head("301 Moved", "x-amz-bucket-region: eu-west-1");
  for (const bool is_unsigned : {false, true}) {
    CAPTURE(is_unsigned);
    S3 s3({.is_unsigned = is_unsigned}, s3_answer, wake_nobody);
    const mrf::http::Request one{Url::parse("s3://b/k"), {}};
    const mrf::http::Request other{Url::parse("s3://b/l"), {}};
    const auto asked_one = s3_request(s3, one);
    const auto asked_other = s3_request(s3, other);
    CHECK(s3.learn(one, asked_one, elsewhere, ""));
    CHECK(s3.learn(other, asked_other, elsewhere, ""));
    CHECK_FALSE(s3.learn(other, s3_request(s3, other), elsewhere, ""));
  }
}

TEST_CASE("expired credentials are looked for again") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c"}});
  int asked = 0;
  S3 s3(
      {},
      [&](const auto&, auto, const auto&) {
        mrf::http::Answer answer{s3_head("200 OK"), ""};
        answer.body =
            R"({"AccessKeyId":"K)" + std::to_string(std::min(++asked, 2)) + R"(","SecretAccessKey":"s"})";
        return answer;
      },
      wake_nobody);
  const mrf::http::Request named{Url::parse("s3://b/k"), {}};
  const std::string expired = "<Error><Code>ExpiredToken</Code></Error>";
  const auto bad = s3_head("400 Bad");
  const auto has_renewed = [&](const mrf::http::Request& refused) {
    CHECK_FALSE(s3.learn(named, refused, bad, expired));
    const auto look = s3.renew(refused, bad, expired);
    REQUIRE(look);
    while (!s3.is_over(*look)) s3.poll();
    return s3.has_renewed(refused);
  };
  const auto first = s3_request(s3, named);
  CHECK(first.signature->access_key == "K1");
  CHECK(has_renewed(first));
  CHECK(s3.learn(named, first, bad, expired));  // another request has renewed them
  const auto second = s3_request(s3, named);
  CHECK(second.signature->access_key == "K2");
  CHECK_FALSE(has_renewed(second));
  CHECK_FALSE(s3.learn(named, second, s3_head("403 No"), "<Code>AccessDenied</Code>"));
  CHECK_FALSE(s3.renew(second, s3_head("403 No"), "<Code>AccessDenied</Code>"));
}

TEST_CASE("gs names are objects of the XML interface") {
  const StoreEnvironment environment({});
  ::unsetenv("STORAGE_EMULATOR_HOST");
  ::setenv("GCS_OAUTH_TOKEN", "t", 1);
  const auto request = mrf::store::gcs_request({Url::parse("gs://b/a b%+\xc3\xa4"), {}}, nullptr);
  CHECK(request.url.text() == "https://storage.googleapis.com/b/a%20b%25%2B%C3%A4");
  CHECK(request.headers == std::vector<std::string>{"Authorization: Bearer t"});
  CHECK_FALSE(request.is_trusted);
  ::setenv("STORAGE_EMULATOR_HOST", "localhost:9199", 1);
  ::unsetenv("GCS_OAUTH_TOKEN");
  CHECK(mrf::store::gcs_request({Url::parse("gs://b/k"), {}}, nullptr).url.text() ==
        "http://localhost:9199/b/k");
  ::unsetenv("STORAGE_EMULATOR_HOST");
}
