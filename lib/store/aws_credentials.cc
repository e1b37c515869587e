// SPDX-License-Identifier: MIT
#include "store/aws_credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/percent_encoding.h"
#include "base/redact.h"
#include "http/header_lines.h"
#include "http/retry.h"
#include "http/server_reason.h"
#include "http/xml_element.h"
#include "store/endpoint.h"
#include "store/token_file.h"

namespace mrf::store {

namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds longest_answer{10000};
constexpr milliseconds longest_instance{1000};  // most machines have no such endpoint

[[noreturn]] void fail(const std::string& reason, base::Status status = base::Status::failure) {
  throw base::Error(status, "get", "AWS credentials", reason);
}

// What an answer that brings no credentials means for the program.
base::Status status_of(const http::Answer& answer) {
  const int status = answer.head.status();
  if (http::is_transient(status)) return base::Status::unavailable;
  return status >= 400 && status < 500 ? base::Status::refused : base::Status::failure;
}

http::Request direct(const std::string& url, std::vector<std::string> headers) {
  return {
      .url = http::Url::parse(url), .headers = std::move(headers), .is_trusted = false, .goes_direct = true};
}

std::string text_in(const Json& object, const char* name) {
  const auto place = object.find(name);
  return place != object.end() && place->is_string() ? place->get<std::string>() : "";
}

// A header has no room for control characters, and a blank or the end of a line around a value comes from the
// file that it was read from.
void require_plain(const std::string& value, const std::string& what) {
  if (http::is_plain_value(value)) return;
  fail(what + " begins or ends with a blank, or has a control character, such as the end of a line");
}

AwsCredentials checked(AwsCredentials found, const std::string& who) {
  require_plain(found.access_key, "the access key of " + who);
  require_plain(found.secret_key, "the secret key of " + who);
  require_plain(found.session_token, "the session token of " + who);
  return found;
}

AwsCredentials parsed(const http::Answer& answer, const std::string& who) {
  if (answer.head.status() != 200)
    fail(fmt::format("{} answers HTTP {}", who, answer.head.status()), status_of(answer));
  const Json object = Json::parse(answer.body, nullptr, false);
  AwsCredentials found;
  if (object.is_object()) {
    found = {text_in(object, "AccessKeyId"), text_in(object, "SecretAccessKey"), text_in(object, "Token"),
             parse_time(text_in(object, "Expiration"))};
  }
  if (found.access_key.empty() || found.secret_key.empty()) fail(who + " sends none");
  return checked(std::move(found), who);
}

// An instance that has no answer for the moment may have credentials all the same.
void require_available(const http::Answer& answer) {
  if (!http::is_transient(answer.head.status())) return;
  fail(fmt::format("the instance's metadata service answers HTTP {}; AWS_EC2_METADATA_DISABLED=true does "
                   "without it",
                   answer.head.status()),
       base::Status::unavailable);
}

// "" when there is no container.
std::string container_url() {
  const std::string relative = base::environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  return relative.empty() ? base::environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                          : "http://169.254.170.2" + relative;
}

// Whether an instance may be there to ask.
bool has_instance() { return !http::equal_names(base::environment("AWS_EC2_METADATA_DISABLED"), "true"); }

// Whether a token may be sent there: to this machine, to the host of containers, and to any host by TLS.
bool may_be_asked(const std::string& text) {
  constexpr std::array<std::string_view, 6> hosts{"localhost",     "127.0.0.1",      "[::1]",
                                                  "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  if (text.starts_with("https://")) return true;
  if (!text.starts_with("http://")) return false;
  const auto url = http::Url::parse(text);
  for (const auto host : hosts) {
    if (http::equal_names(url.host(), host)) return true;
  }
  return false;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_time(const std::string& text) {
  std::tm time{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return std::nullopt;
  std::string_view zone(rest);
  if (zone.starts_with('.')) zone.remove_prefix(std::min(zone.find_first_not_of(".0123456789"), zone.size()));
  if (zone != "Z") return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

std::optional<AwsCredentials> AwsCredentialChain::from_settings() const {
  if (auto found = from_environment()) return found;
  return web_identity().empty() ? from_profile() : std::nullopt;
}

bool AwsCredentialChain::has_endpoint() const {
  return !web_identity().empty() || !container_url().empty() || has_instance();
}

std::optional<AwsCredentials> AwsCredentialChain::from_endpoints(const std::stop_token& stop) const {
  if (!web_identity().empty()) return from_web_identity(stop);
  if (auto found = from_container(stop)) return found;
  return from_instance(stop);
}

std::optional<AwsCredentials> AwsCredentialChain::from_environment() const {
  const std::string access = base::environment("AWS_ACCESS_KEY_ID");
  const std::string secret = base::environment("AWS_SECRET_ACCESS_KEY");
  if (access.empty() != secret.empty())
    fail(access.empty() ? "AWS_SECRET_ACCESS_KEY is set, AWS_ACCESS_KEY_ID is not"
                        : "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
  if (access.empty()) return std::nullopt;
  const std::string token = base::environment("AWS_SESSION_TOKEN");
  require_plain(access, "AWS_ACCESS_KEY_ID");
  require_plain(secret, "AWS_SECRET_ACCESS_KEY");
  require_plain(token, "AWS_SESSION_TOKEN");
  return AwsCredentials{access, secret, token};
}

// A setting of the environment, or of the profile.
std::string AwsCredentialChain::setting(const char* variable, const char* name) const {
  const std::string value = base::environment(variable);
  return value.empty() ? profile_.get(name) : value;
}

// The file with its token; "" when there is none, or the profile names a role that it gets in another way.
std::string AwsCredentialChain::web_identity() const {
  if (profile_.get("web_identity_token_file").empty() && !profile_.get("role_arn").empty()) return "";
  return setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
}

std::string AwsCredentialChain::token_service() const {
  std::vector<std::string> places{base::environment("AWS_ENDPOINT_URL_STS"),
                                  base::environment("AWS_ENDPOINT_URL"), profile_.endpoint("sts")};
  if (http::equal_names(base::environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true")) places.clear();
  for (const std::string& place : places) {
    if (!place.empty()) return place;
  }
  for (const std::string& region :
       {base::environment("AWS_REGION"), base::environment("AWS_DEFAULT_REGION"), profile_.get("region")}) {
    if (!region.empty())
      return fmt::format("https://sts.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
  }
  return "https://sts.amazonaws.com";
}

// AssumeRoleWithWebIdentity of the Security Token Service, which takes no signature. The token is a secret,
// and goes in a body, never in a URL.
AwsCredentials AwsCredentialChain::from_web_identity(const std::stop_token& stop) const {
  const std::string role = setting("AWS_ROLE_ARN", "role_arn");
  if (role.empty()) fail("there is a token of a web identity, and no role for it; set AWS_ROLE_ARN");
  std::string session = setting("AWS_ROLE_SESSION_NAME", "role_session_name");
  if (session.empty()) session = fmt::format("getm-fetch-{}", std::time(nullptr));
  const std::string token = read_token(web_identity());
  const std::string place = token_service();
  const auto url = parse_endpoint(place);
  if (!url)
    fail(fmt::format("the Security Token Service cannot be at '{}': {}", base::redact_url(place),
                     endpoint_fault(place)));
  const http::Request request{
      .url = *url,
      .headers = {},
      .is_trusted = false,
      .method = http::Method::post,
      .form = fmt::format("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}"
                          "&WebIdentityToken={}",
                          base::percent_encoded_path(role), base::percent_encoded_path(session),
                          base::percent_encoded_path(token))};
  const auto answer = ask_(request, longest_answer, stop);
  if (answer.head.status() != 200) {
    std::string reason = http::server_reason(answer.head, answer.body);
    if (reason.find(token) != std::string::npos) reason = fmt::format("HTTP {}", answer.head.status());
    fail(fmt::format("the Security Token Service does not give the role '{}': {}", role, reason),
         status_of(answer));
  }
  AwsCredentials found{http::xml_element(answer.body, "AccessKeyId"),
                       http::xml_element(answer.body, "SecretAccessKey"),
                       http::xml_element(answer.body, "SessionToken"),
                       parse_time(http::xml_element(answer.body, "Expiration"))};
  if (found.access_key.empty() || found.secret_key.empty() || found.session_token.empty())
    fail("the Security Token Service sends none");
  return checked(std::move(found), "the Security Token Service");
}

std::optional<AwsCredentials> AwsCredentialChain::from_profile() const {
  for (const char* way : {"role_arn", "credential_process", "sso_session", "sso_start_url"}) {
    if (profile_.get(way).empty() || (!profile_.get("aws_access_key_id").empty() && way[0] != 'r')) continue;
    fail(
        fmt::format("profile '{0}' has {1}, which is not supported; put them into the environment: "
                    "eval \"$(aws configure export-credentials --profile {0} --format env)\"",
                    profile_.name(), way));
  }
  AwsCredentials found{profile_.get("aws_access_key_id"), profile_.get("aws_secret_access_key"),
                       profile_.get("aws_session_token")};
  if (found.access_key.empty() && found.secret_key.empty()) return std::nullopt;
  if (found.access_key.empty() || found.secret_key.empty())
    fail(fmt::format("profile '{}' has only one of aws_access_key_id and aws_secret_access_key",
                     profile_.name()));
  for (const char* setting : {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"})
    require_plain(profile_.get(setting), fmt::format("{} of profile '{}'", setting, profile_.name()));
  return found;
}

std::optional<AwsCredentials> AwsCredentialChain::from_container(const std::stop_token& stop) const {
  const std::string url = container_url();
  if (url.empty()) return std::nullopt;
  std::string token = base::environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  std::string source = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
  if (const std::string file = base::environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    token = read_token(file);
    source = fmt::format("the token in '{}'", file);
  }
  require_plain(token, source);
  if (!may_be_asked(url))
    fail("AWS_CONTAINER_CREDENTIALS_FULL_URI names neither this machine nor an https URL");
  http::Request request = direct(url, {});
  if (!token.empty()) request.headers.push_back("Authorization: " + token);
  return parsed(ask_(request, longest_answer, stop), "the container's endpoint");
}

std::optional<AwsCredentials> AwsCredentialChain::from_instance(const std::stop_token& stop) const {
  if (!has_instance()) return std::nullopt;
  std::string base = base::environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty()) base = "http://169.254.169.254";
  while (base.ends_with('/')) base.pop_back();
  std::vector<std::string> headers;
  http::Answer token;
  try {
    auto request = direct(base + "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds: 21600"});
    request.method = http::Method::put;
    token = ask_(request, longest_instance, stop);
  } catch (const base::UsageError&) {
    throw;
  } catch (const base::Error&) {
    return std::nullopt;
  }
  require_available(token);
  if (token.head.status() == 200) {
    const std::string value(http::trimmed(token.body));
    require_plain(value, "the token of the instance's metadata service");
    headers.push_back("X-aws-ec2-metadata-token: " + value);
  }
  const std::string roles = base + "/latest/meta-data/iam/security-credentials/";
  const auto list = ask_(direct(roles, headers), longest_answer, stop);
  require_available(list);
  const std::string_view role = http::trimmed(std::string_view(list.body).substr(0, list.body.find('\n')));
  if (list.head.status() != 200 || role.empty()) return std::nullopt;
  return parsed(ask_(direct(roles + base::percent_encoded_path(role), headers), longest_answer, stop),
                "the instance");
}

}  // namespace mrf::store
