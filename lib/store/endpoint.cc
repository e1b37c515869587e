// SPDX-License-Identifier: MIT
#include "store/endpoint.h"

#include "base/error.h"

namespace mrf::store {

namespace {

constexpr const char* endpoint_form = "it is not of the form http://HOST or https://HOST";

}  // namespace

std::optional<http::Url> parse_endpoint(const std::string& text) try {
  const auto url = http::Url::parse(text);
  if (url.is_name() || url.is_ftp() || !url.credentials().empty()) return std::nullopt;
  return url;
} catch (const base::Error&) {
  return std::nullopt;
}

const char* endpoint_fault(const std::string& text) try {
  const auto url = http::Url::parse(text);
  if (!url.is_name() && !url.is_ftp() && !url.credentials().empty())
    return "it has a user name or a password in front of the host, which no endpoint takes";
  return endpoint_form;
} catch (const base::Error&) {
  return endpoint_form;
}

}  // namespace mrf::store
