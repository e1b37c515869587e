// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mrf::http {

/// An absolute http or https URL (RFC 3986). What stands in front of '@' is kept apart from the text,
/// the fragment is dropped.
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
  bool is_https() const { return scheme_ == "https"; }
  /// True when credentials for this URL may be sent to `other`: the same host and port, by the same
  /// scheme or by https instead of http on their standard ports.
  bool trusts(const Url& other) const;
  /// Takes over the userinfo of `other`, unless it has its own.
  void adopt_credentials(const Url& other) {
    if (credentials_.empty()) credentials_ = other.credentials_;
  }

 private:
  Url() = default;

  std::string text_;
  std::string credentials_;
  std::string scheme_;
  std::string host_;
  std::string port_;
  std::string path_;
  bool had_userinfo_ = false;
};

}  // namespace mrf::http
