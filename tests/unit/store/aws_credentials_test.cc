// SPDX-License-Identifier: MIT
#include "store/aws_credentials.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "store_environment.h"
#include "unit/directory.h"

using mrf::StoreEnvironment;
using mrf::store::AwsCredentialChain;
using mrf::store::AwsProfile;
using namespace std::chrono_literals;

namespace {

mrf::http::Answer credentials_answer(int status, const std::string& body) {
  mrf::http::Answer answer;
  answer.head.add_line("HTTP/1.1 " + std::to_string(status) + " X");
  answer.body = body;
  return answer;
}

std::string credentials_json(const std::string& key, const std::string& expires) {
  return R"({"Code":"Success","AccessKeyId":")" + key +
         R"(","SecretAccessKey":"s","Token":"t","Expiration":")" + expires + "\"}";
}

// What a chain finds at all its places.
std::optional<mrf::store::AwsCredentials> found_by(const AwsCredentialChain& chain) {
  if (auto found = chain.from_settings()) return found;
  return chain.has_endpoint() ? chain.from_endpoints({}) : std::nullopt;
}

// Endpoints that nobody may ask.
mrf::http::Answer nobody_answers(const mrf::http::Request& request, std::chrono::milliseconds,
                                 const std::stop_token&) {
  FAIL("asked " << request.url.text());
  return {};
}

}  // namespace

TEST_CASE("times of expiry") {
  CHECK(mrf::store::parse_time("1970-01-01T00:00:10Z") == std::chrono::sys_seconds(10s));
  CHECK(mrf::store::parse_time("2026-11-29T13:00:00.123Z") == std::chrono::sys_seconds(1795957200s));
  for (const char* text : {"", "2026-11-29", "2026-11-29T13:00:00", "2026-11-29T13:00:00+01:00", "x"}) {
    CAPTURE(text);
    CHECK_FALSE(mrf::store::parse_time(text));
  }
}

TEST_CASE("the environment comes before the profile, and the profile before every endpoint") {
  const AwsProfile profile("default", "[default]\naws_access_key_id=P\naws_secret_access_key=Q\n", "");
  {
    const StoreEnvironment environment(
        {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}, {"AWS_SESSION_TOKEN", "C"}});
    const auto found = found_by(AwsCredentialChain(profile, nobody_answers));
    REQUIRE(found);
    CHECK(found->access_key == "A");
    CHECK(found->secret_key == "B");
    CHECK(found->session_token == "C");
  }
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  const auto found = found_by(AwsCredentialChain(profile, nobody_answers));
  REQUIRE(found);
  CHECK(found->access_key == "P");
  CHECK(found->session_token.empty());
}

TEST_CASE("half of a pair, and what this program does not do, are errors that say so") {
  const AwsProfile none("default", "", "");
  const auto reason = [](const AwsProfile& profile) {
    try {
      found_by(AwsCredentialChain(profile, nobody_answers));
    } catch (const mrf::base::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  {
    const StoreEnvironment environment({{"AWS_SECRET_ACCESS_KEY", "hidden"}});
    CHECK(reason(none) ==
          "cannot get 'AWS credentials': AWS_SECRET_ACCESS_KEY is set, AWS_ACCESS_KEY_ID is not");
  }
  const StoreEnvironment environment({{"AWS_EC2_METADATA_DISABLED", "true"}});
  CHECK(reason(AwsProfile("x", "[x]\naws_access_key_id=A\n", "")) ==
        "cannot get 'AWS credentials': profile 'x' has only one of aws_access_key_id and "
        "aws_secret_access_key");
  CHECK(reason(AwsProfile("x", "", "[profile x]\nrole_arn=r\nsource_profile=y\n"))
            .find("aws configure export-credentials --profile x --format env") != std::string::npos);
  CHECK(reason(none).empty());
  CHECK_FALSE(found_by(AwsCredentialChain(none, nobody_answers)));
}

TEST_CASE("credentials that no header may have are refused, and not shown") {
  const auto reason = [](const AwsProfile& profile, const char* body = "") {
    try {
      found_by(AwsCredentialChain(
          profile, [&](const auto&, auto, const auto&) { return credentials_answer(200, body); }));
    } catch (const mrf::base::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const AwsProfile none("default", "", "");
  const std::string begin = "cannot get 'AWS credentials': ";
  for (const char* odd :
       {"HIDDEN\r", "HIDDEN\n", " HIDDEN", "HIDDEN ", "HI\nX: DDEN", "HIDD\x7f", "HI\x01"}) {
    CAPTURE(odd);
    const StoreEnvironment key({{"AWS_ACCESS_KEY_ID", odd}, {"AWS_SECRET_ACCESS_KEY", "s"}});
    CHECK(reason(none).starts_with(begin + "AWS_ACCESS_KEY_ID "));
    CHECK(reason(none).find("HI") == std::string::npos);
    const StoreEnvironment secret({{"AWS_ACCESS_KEY_ID", "k"}, {"AWS_SECRET_ACCESS_KEY", odd}});
    CHECK(reason(none).starts_with(begin + "AWS_SECRET_ACCESS_KEY "));
    const StoreEnvironment token(
        {{"AWS_ACCESS_KEY_ID", "k"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", odd}});
    CHECK(reason(none).starts_with(begin + "AWS_SESSION_TOKEN "));
    const StoreEnvironment container({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"},
                                      {"AWS_CONTAINER_AUTHORIZATION_TOKEN", odd}});
    CHECK(reason(none).starts_with(begin + "AWS_CONTAINER_AUTHORIZATION_TOKEN "));
  }
  {
    const StoreEnvironment environment({{"AWS_ACCESS_KEY_ID", "k\r"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
    CHECK(reason(none) == begin +
                              "AWS_ACCESS_KEY_ID begins or ends with a blank, or has a control character, "
                              "such as the end of a line");
  }
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  CHECK(reason(AwsProfile("x", "[x]\naws_access_key_id = a\n  b = c\naws_secret_access_key = s\n", ""))
            .starts_with(begin + "aws_access_key_id of profile 'x' "));
  CHECK(reason(none, R"({"AccessKeyId":"k","SecretAccessKey":"s","Token":"t\r\nX: y"})")
            .starts_with(begin + "the session token of the container's endpoint "));
}

TEST_CASE("a container's endpoint gets its token, and only a near one is asked") {
  const AwsProfile none("default", "", "");
  {
    const StoreEnvironment environment(
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:5/creds?x=1"},
         {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret"}});
    AwsCredentialChain chain(none, [](const auto& request, auto, const auto&) {
      CHECK(request.url.text() == "http://127.0.0.1:5/creds?x=1");
      CHECK(request.headers == std::vector<std::string>{"Authorization: secret"});
      CHECK(request.goes_direct);
      CHECK_FALSE(request.is_trusted);
      return credentials_answer(200, credentials_json("K", "2099-01-01T00:00:00Z"));
    });
    const auto found = found_by(chain);
    REQUIRE(found);
    CHECK(found->access_key == "K");
    CHECK(found->session_token == "t");
  }
  {
    const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/c"}});
    AwsCredentialChain chain(none, [](const auto& request, auto, const auto&) {
      CHECK(request.url.text() == "http://169.254.170.2/v2/c");
      return credentials_answer(404, "{}");
    });
    CHECK_THROWS_WITH_AS(found_by(chain),
                         "cannot get 'AWS credentials': the container's endpoint answers HTTP 404",
                         mrf::base::Error);
  }
  for (const char* far : {"http://example.org/", "ftp://127.0.0.1/c", "no URL"}) {
    CAPTURE(far);
    const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", far}});
    CHECK_THROWS_WITH_AS(
        found_by(AwsCredentialChain(none, nobody_answers)),
        "cannot get 'AWS credentials': AWS_CONTAINER_CREDENTIALS_FULL_URI names neither this "
        "machine nor an https URL",
        mrf::base::Error);
  }
}

TEST_CASE("a web identity gets the credentials of its role, and its token is in no message") {
  const Directory directory;
  const std::string token = directory / "token";
  std::ofstream(token) << "web.token+1\n";
  const AwsProfile keys("default", "[default]\naws_access_key_id=P\naws_secret_access_key=Q\n",
                        "[default]\nregion=eu-west-3\n");
  const std::pair<const char*, const char*> file{"AWS_WEB_IDENTITY_TOKEN_FILE", token.c_str()};
  const std::pair<const char*, const char*> role{"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"};
  const std::pair<const char*, const char*> session{"AWS_ROLE_SESSION_NAME", "me"};
  const StoreEnvironment environment({file, role, session});
  std::string answer =
      "<R xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Credentials><AccessKeyId>W</AccessKeyId>"
      "<SecretAccessKey>s/+</SecretAccessKey><SessionToken>t=</SessionToken>"
      "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></R>";
  std::string place = "https://sts.eu-west-3.amazonaws.com";
  int status = 200;
  const auto ask = [&](const mrf::http::Request& request, std::chrono::milliseconds, const std::stop_token&) {
    CHECK(request.url.text().starts_with(place));
    CHECK(request.method == mrf::http::Method::post);
    CHECK_FALSE(request.goes_direct);
    CHECK_FALSE(request.is_trusted);
    CHECK(request.form ==
          "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole/r"
          "&RoleSessionName=me&WebIdentityToken=web.token%2B1");
    return credentials_answer(status, answer);
  };
  const auto found = found_by(AwsCredentialChain(keys, ask));
  REQUIRE(found);
  CHECK(found->access_key == "W");
  CHECK(found->secret_key == "s/+");
  CHECK(found->session_token == "t=");
  CHECK(found->expires == mrf::store::parse_time("2099-01-01T00:00:00Z"));
  {
    const StoreEnvironment elsewhere({file, role, session, {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1"}});
    place = "http://127.0.0.1:1";
    status = 403;
    answer = "<E><Error><Message>Not authorized &lt;you&gt;</Message></Error></E>";
    CHECK_THROWS_WITH(found_by(AwsCredentialChain(keys, ask)),
                      "cannot get 'AWS credentials': the Security Token Service does not give the role "
                      "'arn:aws:iam::1:role/r': Not authorized <you> (HTTP 403)");
    answer = "<E><Message>bad web.token+1</Message></E>";
    CHECK_THROWS_WITH(found_by(AwsCredentialChain(keys, ask)),
                      "cannot get 'AWS credentials': the Security Token Service does not give the role "
                      "'arn:aws:iam::1:role/r': HTTP 403");
    status = 200;
    CHECK_THROWS_WITH(found_by(AwsCredentialChain(keys, ask)),
                      "cannot get 'AWS credentials': the Security Token Service sends none");
  }
  {
    const StoreEnvironment odd({file, role, session, {"AWS_ENDPOINT_URL_STS", "127.0.0.1:9"}});
    CHECK_THROWS_WITH(found_by(AwsCredentialChain(keys, nobody_answers)),
                      "cannot get 'AWS credentials': the Security Token Service cannot be at "
                      "'127.0.0.1:9': it is not of the form http://HOST or https://HOST");
  }
  const StoreEnvironment no_role({file});
  CHECK_THROWS_WITH(
      found_by(AwsCredentialChain(keys, nobody_answers)),
      "cannot get 'AWS credentials': there is a token of a web identity, and no role for it; set "
      "AWS_ROLE_ARN");
}

TEST_CASE("an instance is asked with a token, and its absence is no error") {
  const AwsProfile none("default", "", "");
  const StoreEnvironment environment({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:7/"}});
  std::vector<std::string> asked;
  AwsCredentialChain chain(none, [&](const auto& request, auto, const auto&) {
    asked.push_back(request.url.path());
    if (asked.size() == 1) {
      CHECK(request.method == mrf::http::Method::put);
      return credentials_answer(200, "tok\n");
    }
    CHECK(request.headers == std::vector<std::string>{"X-aws-ec2-metadata-token: tok"});
    if (asked.size() == 2) return credentials_answer(200, "my role\nanother\n");
    return credentials_answer(200, credentials_json("I", "2099-01-01T00:00:00Z"));
  });
  const auto of_instance = found_by(chain);
  REQUIRE(of_instance);
  CHECK(of_instance->access_key == "I");
  CHECK(asked == std::vector<std::string>{"/latest/api/token", "/latest/meta-data/iam/security-credentials/",
                                          "/latest/meta-data/iam/security-credentials/my%20role"});
  AwsCredentialChain absent(none, [](const auto&, auto, const auto&) -> mrf::http::Answer {
    throw mrf::base::Error(mrf::base::Status::unavailable, "ask", "x", "no answer");
  });
  CHECK_FALSE(found_by(absent));
  for (const std::size_t busy : {1, 2, 3}) {
    CAPTURE(busy);
    std::size_t number = 0;
    const AwsCredentialChain sometimes(none, [&](const auto&, auto, const auto&) {
      return ++number == busy ? credentials_answer(503, "")
                              : credentials_answer(200, credentials_json("I", "2099-01-01T00:00:00Z"));
    });
    try {
      found_by(sometimes);
      FAIL("it is busy");
    } catch (const mrf::base::Error& error) {
      CHECK(error.status() == mrf::base::Status::unavailable);
    }
    const auto found = found_by(sometimes);
    REQUIRE(found);
    CHECK(found->access_key == "I");
  }
}

TEST_CASE("what an endpoint answers decides the status") {
  const AwsProfile none("default", "", "");
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  using mrf::base::Status;
  struct Row {
    int answer;
    Status status;
  };
  const Row rows[] = {{500, Status::unavailable}, {503, Status::unavailable}, {429, Status::unavailable},
                      {400, Status::refused},     {403, Status::refused},     {302, Status::failure},
                      {200, Status::failure}};
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    AwsCredentialChain chain(
        none, [&](const auto&, auto, const auto&) { return credentials_answer(row.answer, "{}"); });
    try {
      found_by(chain);
      FAIL("there are none");
    } catch (const mrf::base::Error& error) {
      CHECK(error.status() == row.status);
    }
  }
}
