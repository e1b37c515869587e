// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "fetch/network.h"

namespace mrf {

/// Takes the data of successful responses.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// A response with a status of 200 to 299. False stops it.
  virtual bool accept(const ResponseHead& head) = 0;
  /// The next bytes of an accepted response. False stops it.
  virtual bool take(std::string_view bytes) = 0;
};

/// What came of a request, redirections followed.
struct Answer {
  Ending ending;
  ResponseHead head;  ///< status 0 when there was none
  std::string body;   ///< the first 64 KiB when the status is none of 200 to 299
  bool succeeded() const { return head.status() >= 200 && head.status() < 300; }
};

/// Sends `request`, follows redirections by the rules of follow_redirect(), gives the data to `sink`.
/// Throws Error for a redirection that is not followed, and what `sink` throws.
Answer exchange(Network& network, const Request& request, BodySink& sink);

}  // namespace mrf
