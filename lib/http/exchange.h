// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

#include "http/curl_network.h"
#include "http/network.h"

namespace mrf::http {

/// A response whose body is short.
struct Answer {
  ResponseHead head;
  std::string body;
};

/// Sends one request and waits for its answer in the calling thread, `longest` at most. Throws Error:
/// Status::unavailable when none comes, and when the program is interrupted; Status::failure when its body
/// has more than 1 MiB, and when asking again would not help (Ending).
Answer exchange(const NetworkOptions& options, const Request& request, std::chrono::milliseconds longest);

}  // namespace mrf::http
