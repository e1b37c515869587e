// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mrf::base {

/// Percent-decoding (RFC 3986, 2.1); what is no valid triplet stays as it is.
std::string percent_decoded(std::string_view text);

/// Percent-encoded for a path, '/' kept: only the unreserved characters of RFC 3986, 2.3 stay as they are.
/// That is the form that AWS Signature Version 4 is computed of, so that both ends sign the same text.
std::string percent_encoded_path(std::string_view path);

}  // namespace mrf::base
