// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "stream/source.h"

namespace mrf {

/// Inflates any gzip members one after the other.
std::unique_ptr<ByteSource> make_gzip_inflater(std::unique_ptr<ByteSource> stored, std::string name);

}  // namespace mrf
