// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>

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

/// Sends a short request and waits for its answer at most as long; throws base::Error.
using Ask = std::function<http::Answer(const http::Request&, std::chrono::milliseconds)>;

/// Where credentials are looked for, in the order of the AWS command line: AWS_ACCESS_KEY_ID and its
/// companions; the Security Token Service, for a web identity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, or
/// those of the profile); the profile; the endpoint of a container (AWS_CONTAINER_CREDENTIALS_FULL_URI or
/// _RELATIVE_URI); that of an instance (IMDS version 2, then 1; AWS_EC2_METADATA_SERVICE_ENDPOINT,
/// AWS_EC2_METADATA_DISABLED). What an endpoint gives is asked for again five minutes before it expires.
class AwsCredentialChain {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// `profile` outlives the object; `clock` tells how long looks and pauses take.
  AwsCredentialChain(const AwsProfile& profile, Ask ask, Clock clock = std::chrono::steady_clock::now)
      : profile_(profile), ask_(std::move(ask)), clock_(std::move(clock)) {}

  /// The credentials for a request at `now`, nothing when there are none anywhere; waits for an endpoint.
  /// Throws Error when some are named and cannot be had: unavailable or refused as an endpoint answers. It
  /// throws the same again during a pause: after an endpoint that was unavailable a short one, which grows
  /// with each failure in a row; after another failure ten seconds; a minute while there are credentials that
  /// are valid.
  const std::optional<AwsCredentials>& get(std::chrono::sys_seconds now);
  /// Looks again, since a server does not take them any more. Whether there are others. Throws as get() does.
  bool renew(std::chrono::sys_seconds now);

 private:
  bool is_valid(std::chrono::sys_seconds now) const;
  bool may_look() const { return clock_() >= next_look_; }
  std::chrono::sys_seconds look(std::chrono::sys_seconds now);  ///< returns when it is over
  std::optional<AwsCredentials> find() const;
  std::optional<AwsCredentials> from_web_identity() const;
  std::string token_service() const;
  std::optional<AwsCredentials> from_profile() const;
  std::optional<AwsCredentials> from_container() const;
  std::optional<AwsCredentials> from_instance() const;

  const AwsProfile& profile_;
  Ask ask_;
  Clock clock_;
  bool looked_ = false;  ///< with success
  std::chrono::steady_clock::time_point next_look_{};
  std::exception_ptr failure_{};  ///< of the last look
  unsigned failures_ = 0;         ///< in a row
  std::optional<AwsCredentials> found_;
};

/// Seconds since 1970 of "2026-01-02T03:04:05Z" (ISO 8601, in UTC); nothing when it is none.
std::optional<std::chrono::sys_seconds> parse_time(const std::string& text);

}  // namespace mrf::store
