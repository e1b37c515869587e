// SPDX-License-Identifier: MIT
#include "fetch/object_address.h"

#include <utility>

#include "http/redirect.h"

namespace mrf::fetch {

ObjectAddress::ObjectAddress(http::Url url, std::vector<std::string> headers, bool is_trusted, bool refreshes)
    : named_(std::move(url)),
      url_(named_),
      headers_(std::move(headers)),
      is_trusted_(is_trusted),
      refreshes_(refreshes) {}

// The user's headers and credentials go to the URL that the user named, and not to one that a list or another
// URL names.
http::Request ObjectAddress::request() const {
  if (location_) return *location_;
  const http::Request request{url_, headers_};
  return is_trusted_ && named_.trusts(url_) ? request : http::sent_elsewhere(request, url_);
}

void ObjectAddress::on_success(unsigned number, const std::optional<http::Request>& redirected) {
  if (number != number_) return;
  is_proved_ = true;
  if (redirected) location_ = redirected;
}

// When a new URL gives nothing, its refusal is final.
ObjectAddress::Refusal ObjectAddress::on_refusal(unsigned number, int status) {
  if (!refreshes_) return Refusal::final;
  if (is_refreshing_ || number != number_) return Refusal::outdated;
  const bool may_have_expired =
      status == 400 || status == 401 || status == 403 || status == 404 || status == 410;
  if (!may_have_expired) return Refusal::final;
  if (!is_proved_) return Refusal::unproved;
  is_refreshing_ = true;
  return Refusal::refreshed;
}

void ObjectAddress::on_refreshed(const std::optional<http::Url>& url) {
  if (url) {
    url_ = *url;
    ++number_;
  }
  is_refreshing_ = is_proved_ = false;
  location_.reset();
}

}  // namespace mrf::fetch
