// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/version.h"
#include "http/network.h"

namespace mrf::http {

struct NetworkOptions {
  std::string ca_file;                     ///< PEM; "" is the system's
  std::chrono::seconds stall_timeout{60};  ///< of waiting without a byte; not while a receiver holds back
  std::chrono::seconds connect_timeout{30};
  /// Sent as User-Agent, unless a request has a header of that name; one without a value sends none.
  std::string user_agent = std::string("mrf-tools/") + base::project_version;
  bool netrc = false;                      ///< trusted requests may use ~/.netrc
  std::size_t receive_buffer = 512 << 10;  ///< bytes for each transfer; one that rests takes as much again
};

/// Transfers by libcurl's multi interface. Proxies come from the environment (http_proxy, https_proxy,
/// all_proxy, no_proxy); no redirect is followed, no content decoded. A file of an FTP server comes as the
/// body of a response with status 200, and its size as Content-Length. Requests for s3, gs and drs are not
/// known here; lib/store finds their places. Throws SystemError when `ca_file` cannot be read, Error when it
/// holds no certificate.
std::unique_ptr<Network> make_curl_network(const NetworkOptions& options);

/// "libcurl 7.88.1" with its TLS library, for --version.
std::string curl_version_text();

}  // namespace mrf::http
