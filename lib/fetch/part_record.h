// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fetch/object_output.h"
#include "http/object_version.h"

namespace mrf::fetch {

/// The text of TARGET.getm-part.json: {"etag", "size", "done": [[begin, end], ...]} and a newline. `version`
/// has an entity tag and a size.
std::string record_text(const http::ObjectVersion& version, const std::vector<ByteRange>& runs);

/// The runs of such a text, when it speaks of `version` and makes sense: they are in order, do not touch and
/// lie within the object and the file, which has `there` bytes. Else nothing.
std::vector<ByteRange> runs_of_record(const std::string& text, const http::ObjectVersion& version,
                                      std::uint64_t there);

}  // namespace mrf::fetch
