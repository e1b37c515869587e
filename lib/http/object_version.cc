// SPDX-License-Identifier: MIT
#include "http/object_version.h"

namespace mrf::http {

namespace {

template <typename Value>
bool contradict(const std::optional<Value>& one, const std::optional<Value>& other) {
  return one && other && *one != *other;
}

}  // namespace

ObjectVersion version_of(const ResponseHead& head) {
  ObjectVersion version{head.strong_etag(), head.weak_etag(), head.field("Last-Modified"), std::nullopt};
  if (head.status() != 206) {
    version.total = head.content_length();
  } else if (const auto range = head.content_range()) {
    version.total = range->total;
  }
  return version;
}

bool surely_equal(const ObjectVersion& one, const ObjectVersion& other) {
  return one.etag && one.etag == other.etag && !contradict(one.total, other.total) &&
         !contradict(one.last_modified, other.last_modified);
}

bool maybe_equal(const ObjectVersion& one, const ObjectVersion& other) {
  if (!one.total || one.total != other.total || one.etag || other.etag) return false;
  if (contradict(one.weak_etag, other.weak_etag) || contradict(one.last_modified, other.last_modified))
    return false;
  return (one.weak_etag && other.weak_etag) || (one.last_modified && other.last_modified);
}

}  // namespace mrf::http
