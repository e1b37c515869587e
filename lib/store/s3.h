// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "http/network.h"
#include "store/aws_credentials.h"
#include "store/aws_profile.h"
#include "store/refreshable_credentials.h"

namespace mrf::store {

struct S3Options {
  std::string region{};      ///< "" is that of the environment, of the profile, or us-east-1
  bool is_unsigned = false;  ///< no credentials are looked for
  bool payer = false;        ///< the requester pays for requests and data
};

/// s3://BUCKET/KEY. The endpoint is that of AWS, or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or endpoint_url of
/// the profile. A bucket is a part of the host's name at AWS, unless that has a dot or an upper-case letter,
/// and a part of the path elsewhere; s3.addressing_style of the profile says otherwise. Without any
/// credentials requests are not signed, and those for objects that the user did not name are not either.
class S3 {
 public:
  using Look = RefreshableCredentials::Look;

  /// Throws as AwsProfile::load() does. `wake` is called from a thread when poll() has something to do.
  S3(S3Options options, Ask ask, std::function<void()> wake);

  /// The look for credentials that a request has to wait for, 0 for none.
  Look awaited(const http::Request& named);
  bool is_over(Look look) const { return credentials_.is_over(look); }
  /// Ends and begins looks; whether one has ended.
  bool poll() { return credentials_.poll(); }
  /// When poll() has something to do for reasons of time.
  std::optional<std::chrono::steady_clock::time_point> next_time() const { return credentials_.next_time(); }

  /// What to send for a request whose URL is s3://BUCKET/KEY, when the look that it awaited is over. Asks for
  /// the checksums that the store has. Throws Error when credentials cannot be had.
  http::Request request(const http::Request& named);
  /// The same for the size of a part of an upload, counted from 1: a HEAD request.
  http::Request part_request(const http::Request& named, std::uint64_t part);
  /// A refusal of `asked`, with its body. Whether to ask anew: the bucket's region has become known, or there
  /// are other credentials now.
  bool learn(const http::Request& named, const http::Request& asked, const http::ResponseHead& head,
             std::string_view body);
  /// The look to wait for when the store does not take the credentials of `asked` any more; nothing when it
  /// was refused for another reason.
  std::optional<Look> renew(const http::Request& asked, const http::ResponseHead& head,
                            std::string_view body);
  /// After that look: whether to ask anew. Throws Error when credentials cannot be had.
  bool has_renewed(const http::Request& asked) const;
  /// Whether requests are not signed because the user said so.
  bool is_unsigned() const { return options_.is_unsigned; }
  /// Whether requests are not signed though the user did not say so.
  bool lacks_credentials() const { return lacks_credentials_; }

 private:
  std::string address(const http::Url& name, const std::string& region) const;
  std::string region_of(const std::string& bucket) const;
  std::string region_asked(const http::Request& named, const http::Request& asked) const;
  bool signs(const http::Request& named) const { return !options_.is_unsigned && named.is_trusted; }
  bool signs_otherwise(const http::Request& asked) const;

  S3Options options_;
  AwsProfile profile_;
  std::string region_;
  std::string endpoint_;  ///< "" is AWS
  bool lacks_credentials_ = false;
  std::map<std::string, std::string> regions_;  ///< of buckets that are elsewhere
  RefreshableCredentials credentials_;
};

}  // namespace mrf::store
