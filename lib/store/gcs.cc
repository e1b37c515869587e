// SPDX-License-Identifier: MIT
#include "store/gcs.h"

#include <string>

#include "base/environment.h"
#include "base/error.h"
#include "base/percent_encoding.h"
#include "http/header_lines.h"

namespace mrf::store {

namespace {

std::string endpoint() {
  std::string host = base::environment("STORAGE_EMULATOR_HOST");
  if (host.empty()) return "https://storage.googleapis.com";
  while (host.ends_with('/')) host.pop_back();
  return host.find("://") == std::string::npos ? "http://" + host : host;
}

}  // namespace

http::Request gcs_request(const http::Request& named, const BearerFile* bearer) {
  http::Request request = named;
  request.url =
      http::Url::parse(endpoint() + "/" + named.url.host() + base::percent_encoded_path(named.url.path()));
  request.is_trusted = false;
  if (http::has_header(named.headers, "Authorization") || !named.is_trusted) return request;
  const std::string token = base::environment("GCS_OAUTH_TOKEN");
  if (!http::is_plain_value(token) || token.find_first_of(" \t") != std::string::npos)
    throw base::Error(base::Status::failure, "use", "GCS_OAUTH_TOKEN",
                      "it holds blanks, line ends or other control characters");
  if (!token.empty()) {
    request.headers.push_back("Authorization: Bearer " + token);
  } else if (bearer != nullptr) {
    request.headers.push_back(bearer->header());
  }
  return request;
}

}  // namespace mrf::store
