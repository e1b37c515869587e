// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "http/exchange.h"
#include "store/aws_profile.h"

namespace mrf::store {

/// What requests to AWS are signed with. Secrets: never shown.
struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;                          ///< "" when there is none
  std::optional<std::chrono::sys_seconds> expires{};  ///< of those that somebody gave for a while

  bool operator==(const AwsCredentials&) const = default;
};

/// Sends a short request and waits for its answer at most as long, and not longer than until a stop is
/// requested. Any thread. Throws base::Error.
using Ask =
    std::function<http::Answer(const http::Request&, std::chrono::milliseconds, const std::stop_token&)>;

/// Where credentials are looked for, in the order of the AWS command line: AWS_ACCESS_KEY_ID and its
/// companions; the Security Token Service, for a web identity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, or
/// those of the profile); the profile; the endpoint of a container (AWS_CONTAINER_CREDENTIALS_FULL_URI or
/// _RELATIVE_URI); that of an instance (IMDS version 2, then 1; AWS_EC2_METADATA_SERVICE_ENDPOINT,
/// AWS_EC2_METADATA_DISABLED). Any thread.
class AwsCredentialChain {
 public:
  /// `profile` outlives the object.
  AwsCredentialChain(const AwsProfile& profile, Ask ask) : profile_(profile), ask_(std::move(ask)) {}

  /// Those that the environment or the profile holds, nothing when there are none, or an endpoint comes
  /// before. Throws Error when they cannot be used.
  std::optional<AwsCredentials> from_settings() const;
  /// Whether there is an endpoint to ask when from_settings() gives none.
  bool has_endpoint() const;
  /// Those that an endpoint gives, nothing when there are none; takes up to ten seconds. Throws Error when
  /// some are named and cannot be had: unavailable or refused as an endpoint answers.
  std::optional<AwsCredentials> from_endpoints(const std::stop_token& stop) const;

 private:
  std::string setting(const char* variable, const char* name) const;
  std::string web_identity() const;
  std::optional<AwsCredentials> from_environment() const;
  std::optional<AwsCredentials> from_profile() const;
  std::string token_service() const;
  AwsCredentials from_web_identity(const std::stop_token& stop) const;
  std::optional<AwsCredentials> from_container(const std::stop_token& stop) const;
  std::optional<AwsCredentials> from_instance(const std::stop_token& stop) const;

  const AwsProfile& profile_;
  Ask ask_;
};

/// Seconds since 1970 of "2026-01-02T03:04:05Z" (ISO 8601, in UTC); nothing when it is none.
std::optional<std::chrono::sys_seconds> parse_time(const std::string& text);

}  // namespace mrf::store
