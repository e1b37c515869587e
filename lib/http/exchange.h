// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <stop_token>
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
/// Status::unavailable when none comes, and when a stop is requested, in any thread; Status::failure when its
/// body has more than 1 MiB, and when asking again would not help (Ending).
Answer exchange(const NetworkOptions& options, const Request& request, std::chrono::milliseconds longest,
                const std::stop_token& stop = {});

}  // namespace mrf::http
