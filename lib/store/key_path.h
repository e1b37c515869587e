// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mrf::store {

/// Percent-encoded for a path, '/' kept: only the unreserved characters of RFC 3986, 2.3 stay as they are.
/// That is the form that AWS Signature Version 4 is computed of, so that both ends sign the same text.
std::string encoded_path(std::string_view path);

/// The value of an environment variable, "" when it is not set.
std::string environment(const char* name);

}  // namespace mrf::store
