// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/network.h"
#include "http/url.h"

namespace mrf::fetch {

/// Where the requests for one object go: to the URL that the user named, or to one that replaces it when it
/// is refused (as a signed one that has expired), and then at once to where its redirections led. Pure.
class ObjectAddress {
 public:
  /// `headers` go to the host that the user named; with `is_trusted` false a list elsewhere has named `url`.
  /// `refreshes`: another URL may be asked for.
  ObjectAddress(http::Url url, std::vector<std::string> headers, bool is_trusted, bool refreshes);

  const http::Url& url() const { return url_; }
  /// How many URLs came before url().
  unsigned number() const { return number_; }
  /// A request for the object, without fields that ask for a range.
  http::Request request() const;
  /// Whether request() goes where redirections led.
  bool is_known_location() const { return location_.has_value(); }
  /// Another place may do better.
  void forget_location() { location_.reset(); }

  /// A request to the URL of that number, or to where it redirected the request, was answered with success,
  /// which says nothing of a URL that has replaced it.
  void on_success(unsigned number, const std::optional<http::Request>& redirected);
  /// Whether url() has given something, or is the first one.
  bool is_proved() const { return is_proved_; }

  /// What the refusal of a request to the URL of that number means.
  enum class Refusal {
    final,     ///< for the object
    outdated,  ///< nothing: the URL is another one by now, or will be
    unproved,  ///< it is final unless another request shows that the URL is good
    refreshed  ///< another URL is asked for, and on_refreshed() told of it
  };
  Refusal on_refusal(unsigned number, int status);
  bool is_refreshing() const { return is_refreshing_; }
  /// Nothing: there is no other URL.
  void on_refreshed(const std::optional<http::Url>& url);

 private:
  http::Url named_;
  http::Url url_;  ///< named_, or the one that replaces it
  std::vector<std::string> headers_;
  bool is_trusted_;
  bool refreshes_;
  unsigned number_ = 0;
  std::optional<http::Request> location_;  ///< where redirections led
  bool is_refreshing_ = false;
  bool is_proved_ = true;
};

}  // namespace mrf::fetch
