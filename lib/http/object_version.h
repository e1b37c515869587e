// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/response_head.h"

namespace mrf::http {

/// Which state of an object a response shows: its strong entity tag, its time and its size, as far as
/// the server says.
struct ObjectVersion {
  std::optional<std::string> etag;
  std::optional<std::string> last_modified;
  std::optional<std::uint64_t> total;  ///< bytes of the whole object
};

/// From a 200 (Content-Length) or a 206 (Content-Range). Throws DataError as content_length() does.
ObjectVersion version_of(const ResponseHead& head);

/// True when both are surely the same bytes: equal strong entity tags and no other contradiction.
/// If-Match and If-Range are not relied on: some servers ignore the one, some the other.
bool surely_equal(const ObjectVersion& one, const ObjectVersion& other);

}  // namespace mrf::http
