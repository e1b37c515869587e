// SPDX-License-Identifier: MIT
#include "store/endpoint.h"

#include "base/error.h"

namespace mrf::store {

std::optional<http::Url> parse_endpoint(const std::string& text) try {
  const auto url = http::Url::parse(text);
  if (url.is_name() || url.is_ftp() || !url.credentials().empty()) return std::nullopt;
  return url;
} catch (const base::Error&) {
  return std::nullopt;
}

}  // namespace mrf::store
