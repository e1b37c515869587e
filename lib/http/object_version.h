// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/response_head.h"

namespace mrf::http {

/// Which state of an object a response shows: its entity tag, its time and its size, as far as the server
/// says.
struct ObjectVersion {
  std::optional<std::string> etag;       ///< a strong one
  std::optional<std::string> weak_etag;  ///< with its W/
  std::optional<std::string> last_modified;
  std::optional<std::uint64_t> total;  ///< bytes of the whole object
};

/// From a 200 (Content-Length) or a 206 (Content-Range). Throws DataError as content_length() does.
ObjectVersion version_of(const ResponseHead& head);

/// True when both are surely the same bytes: equal strong entity tags and no other contradiction.
/// If-Match and If-Range are not relied on: some servers ignore the one, some the other.
bool surely_equal(const ObjectVersion& one, const ObjectVersion& other);

/// True when both may be the same bytes, which a comparison of samples can make likely: equal sizes, an equal
/// weak entity tag or an equal time, and no contradiction.
bool maybe_equal(const ObjectVersion& one, const ObjectVersion& other);

}  // namespace mrf::http
