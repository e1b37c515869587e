// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mrf::http {

/// What names an object: an absolute http, https, ftp or ftps URL (RFC 3986), or s3://BUCKET/KEY,
/// gs://BUCKET/KEY, drs://HOST/ID. What stands in front of '@' is kept apart from the text of a URL, the
/// fragment is dropped. A KEY is as the store has it, every character its own: it is no URL, and is not
/// decoded.
class Url {
 public:
  /// Throws UsageError, with the text redacted.
  static Url parse(const std::string& text);
  /// The target of a Location header (RFC 9110, 10.2.2), absolute or relative. Throws Error
  /// (Status::refused) when it is no http or https URL.
  Url resolve(const std::string& location) const;

  /// As it is asked for: with its query, without userinfo and fragment.
  const std::string& text() const { return text_; }
  /// "user:password", decoded, or "".
  const std::string& credentials() const { return credentials_; }
  /// For messages, logs and reports: no userinfo, no values of secret query parameters.
  std::string shown() const;
  /// The last component of the path, percent-decoded; "" when it names no file.
  std::string last_component() const;
  /// Scheme, host and port, as "https://h:443".
  std::string origin() const { return scheme_ + "://" + host_ + ":" + port_; }
  const std::string& scheme() const { return scheme_; }
  /// Of s3 and gs the bucket.
  const std::string& host() const { return host_; }
  const std::string& port() const { return port_; }
  /// From the first '/' on; of s3 and gs the key behind it.
  const std::string& path() const { return path_; }
  bool is_https() const { return scheme_ == "https"; }
  bool is_ftp() const { return scheme_ == "ftp" || scheme_ == "ftps"; }
  /// s3, gs or drs: a place has to be found for it before anything can be asked for.
  bool is_name() const { return scheme_ == "s3" || scheme_ == "gs" || scheme_ == "drs"; }
  /// True when credentials for this URL may be sent to `other`: the same host and port, by the same
  /// scheme or by https instead of http on their standard ports.
  bool trusts(const Url& other) const;
  /// Takes over the userinfo of `other`, unless it has its own.
  void adopt_credentials(const Url& other) {
    if (credentials_.empty()) credentials_ = other.credentials_;
  }

 private:
  Url() = default;
  static Url parse_key(const std::string& text);
  static std::optional<Url> beside_last(const std::string& text);
  static void remember(const std::string& text, const Url& url);

  /// The last URL that has nothing but plain characters behind its place, and the place as text.
  static thread_local std::pair<std::string, std::optional<Url>> last_;

  std::string text_;
  std::string credentials_;
  std::string scheme_;
  std::string host_;
  std::string port_;
  std::string path_;
  bool had_userinfo_ = false;
};

}  // namespace mrf::http
