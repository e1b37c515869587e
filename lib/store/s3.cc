// SPDX-License-Identifier: MIT
#include "store/s3.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/percent_encoding.h"
#include "base/redact.h"
#include "http/header_lines.h"
#include "http/redirect.h"
#include "http/xml_element.h"
#include "store/endpoint.h"

namespace mrf::store {

namespace {

std::string first_of(std::initializer_list<std::string> values) {
  for (const auto& value : values) {
    if (!value.empty()) return value;
  }
  return "";
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() < 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

// As a label of a host's name that a certificate for *.s3.REGION.amazonaws.com covers (RFC 6125, 6.4.3).
bool is_host_label(std::string_view bucket) {
  return bucket.size() < 64 &&
         bucket.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::string token_line(const AwsCredentials& credentials) {
  return "x-amz-security-token: " + credentials.session_token;
}

std::string configured_endpoint(const AwsProfile& profile) {
  if (http::equal_names(base::environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true")) return "";
  std::string setting = "AWS_ENDPOINT_URL_S3";
  std::string endpoint = base::environment(setting.c_str());
  if (endpoint.empty()) endpoint = base::environment((setting = "AWS_ENDPOINT_URL").c_str());
  if (endpoint.empty()) {
    setting = "endpoint_url of profile " + profile.name();
    endpoint = profile.endpoint("s3");
  }
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (endpoint.empty()) return "";
  if (!parse_endpoint(endpoint) || endpoint.find('?') != std::string::npos)
    throw base::Error(base::Status::failure, "use " + setting, base::redact_url(endpoint),
                      endpoint_fault(endpoint));
  return endpoint;
}

// Whether a store refuses the credentials of a request, of which others may be had.
bool is_expired(const http::Request& asked, const http::ResponseHead& head, std::string_view body) {
  const int status = head.status();
  if (!asked.signature || (status != 400 && status != 401 && status != 403)) return false;
  constexpr std::array expired{"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId"};
  const std::string code = http::xml_element(body, "Code");
  return std::find(expired.begin(), expired.end(), code) != expired.end();
}

std::chrono::sys_seconds wall_time() {
  return std::chrono::sys_seconds(std::chrono::seconds(std::time(nullptr)));
}

}  // namespace

S3::S3(S3Options options, Ask ask, std::function<void()> wake)
    : options_(std::move(options)),
      profile_(AwsProfile::load()),
      region_(first_of({options_.region, base::environment("AWS_REGION"),
                        base::environment("AWS_DEFAULT_REGION"), profile_.get("region"), "us-east-1"})),
      endpoint_(configured_endpoint(profile_)),
      credentials_({profile_, std::move(ask)}, std::move(wake)) {
  if (!is_region(region_)) throw base::Error(base::Status::failure, "use region", region_, "it is no region");
}

std::string S3::region_of(const std::string& bucket) const {
  const auto place = regions_.find(bucket);
  return place == regions_.end() ? region_ : place->second;
}

std::string S3::address(const http::Url& name, const std::string& region) const {
  std::string style = profile_.get("s3.addressing_style");
  if (style != "path" && style != "virtual")
    style = endpoint_.empty() && is_host_label(name.host()) ? "virtual" : "path";
  const std::string_view domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  std::string base = endpoint_.empty() ? fmt::format("https://s3.{}.{}", region, domain) : endpoint_;
  if (style == "virtual") {
    base.insert(base.find("://") + 3, name.host() + ".");
  } else {
    base += "/" + name.host();
  }
  return base + base::percent_encoded_path(name.path());
}

S3::Look S3::awaited(const http::Request& named) {
  return signs(named) ? credentials_.needed(wall_time()) : 0;
}

http::Request S3::request(const http::Request& named) {
  const std::string region = region_of(named.url.host());
  http::Request request = named;
  request.url = http::Url::parse(address(named.url, region));
  request.is_trusted = false;
  request.headers.emplace_back("x-amz-checksum-mode: ENABLED");
  if (options_.payer) request.headers.emplace_back("x-amz-request-payer: requester");
  if (!signs(named)) return request;
  const auto& found = credentials_.get(wall_time());
  lacks_credentials_ = !found;
  if (!found) return request;
  request.signature = {found->access_key, found->secret_key, region};
  // S3 wants the digest of the body, SHA-256 of no bytes, among the fields; not every libcurl sends it by
  // itself.
  request.headers.emplace_back(
      "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  if (!found->session_token.empty()) request.headers.push_back(token_line(*found));
  return request;
}

http::Request S3::part_request(const http::Request& named, std::uint64_t part) {
  http::Request question = request(named);
  std::erase_if(question.headers, [](const auto& line) {
    return http::is_named(line, "Range") || http::is_named(line, "If-Match");
  });
  question.url = http::Url::parse(fmt::format("{}?partNumber={}", question.url.text(), part));
  question.method = http::Method::head;
  return question;
}

// The region of the bucket may have been learned from another request since `asked` was sent.
std::string S3::region_asked(const http::Request& named, const http::Request& asked) const {
  if (asked.signature) return asked.signature->region;
  return asked.url.text() == address(named.url, region_) ? region_ : region_of(named.url.host());
}

bool S3::learn(const http::Request& named, const http::Request& asked, const http::ResponseHead& head,
               std::string_view body) {
  const int status = head.status();
  if (status != 400 && status != 401 && status != 403 && !http::is_redirect(status)) return false;
  const std::string region =
      first_of({head.field("x-amz-bucket-region").value_or(""), http::xml_element(body, "Region")});
  if (is_region(region) && region != region_asked(named, asked)) {
    regions_[named.url.host()] = region;
    return asked.signature || asked.url.text() != address(named.url, region);
  }
  // Of several requests at a time, the first one that is refused renews the credentials for all.
  return is_expired(asked, head, body) && signs_otherwise(asked);
}

std::optional<S3::Look> S3::renew(const http::Request& asked, const http::ResponseHead& head,
                                  std::string_view body) {
  return is_expired(asked, head, body) ? std::optional(credentials_.renew()) : std::nullopt;
}

bool S3::has_renewed(const http::Request& asked) const {
  credentials_.require_success();
  return signs_otherwise(asked);
}

// Whether the credentials are others now than when `asked` was signed.
bool S3::signs_otherwise(const http::Request& asked) const {
  const auto& now = credentials_.found();
  if (!now) return false;
  const auto& headers = asked.headers;
  const bool has_token = now->session_token.empty() ||
                         std::find(headers.begin(), headers.end(), token_line(*now)) != headers.end();
  return now->access_key != asked.signature->access_key || now->secret_key != asked.signature->secret_key ||
         !has_token;
}

}  // namespace mrf::store
