// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "http/response_head.h"

namespace mrf::http {

/// Why a server refused, in its own words: the <Message> of an XML error body as S3, GCS and Azure send
/// it, the message of a JSON one as DRS servers do, else the reason phrase; then "(HTTP 403)". One line,
/// without secrets and control characters.
std::string server_reason(const ResponseHead& head, std::string_view body);

}  // namespace mrf::http
