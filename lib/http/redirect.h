// SPDX-License-Identifier: MIT
#pragma once

#include "http/network.h"

namespace mrf::http {

inline constexpr int most_redirects = 20;

/// True for 301, 302, 303, 307 and 308.
bool is_redirect(int status);

/// The same request for another origin: without userinfo, signature and the user's headers, but for the
/// harmless ones (Accept, Accept-Language, User-Agent) and what the program itself asks with (Range,
/// If-Match, Accept-Encoding).
Request sent_elsewhere(const Request& from, const Url& to);

/// The request that a redirection asks for. Userinfo, the signature and the user's headers go along to the
/// same origin only; to another it is sent_elsewhere(). Throws Error (Status::refused) without a usable
/// Location, and for one from https to http.
Request follow_redirect(const Request& from, const ResponseHead& head);

}  // namespace mrf::http
