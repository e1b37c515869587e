// SPDX-License-Identifier: MIT
#include "http/redirect.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "http/header_lines.h"

namespace mrf::http {

namespace {

constexpr std::array<std::string_view, 6> goes_everywhere{"Accept", "Accept-Language", "User-Agent",
                                                          "Range",  "If-Match",        "Accept-Encoding"};
bool goes_along(std::string_view line) {
  return std::any_of(goes_everywhere.begin(), goes_everywhere.end(),
                     [&](auto name) { return is_named(line, name); });
}

}  // namespace

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Request sent_elsewhere(const Request& from, const Url& to) {
  Request request = from;
  request.url = to;
  request.is_trusted = false;
  request.signature.reset();
  std::erase_if(request.headers, [](const auto& line) { return !goes_along(line); });
  return request;
}

Request follow_redirect(const Request& from, const ResponseHead& head) {
  const auto location = head.field("Location");
  if (!location || location->empty())
    throw base::Error(base::Status::refused, "fetch", from.url.shown(),
                      "the server redirects without saying where to");
  Request to = from;
  to.url = from.url.resolve(*location);
  if (from.url.is_https() && !to.url.is_https())
    throw base::Error(base::Status::refused, "follow redirection to", to.url.shown(),
                      "it leads from https to http");
  if (from.url.trusts(to.url)) {
    to.url.adopt_credentials(from.url);
    return to;
  }
  return sent_elsewhere(to, to.url);
}

}  // namespace mrf::http
