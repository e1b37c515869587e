// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "codec/byte_source.h"

namespace mrf::codec {

/// Why a BGZF stream that ends without its end-of-file block is refused.
inline constexpr std::string_view no_eof_block = "truncated: no end-of-file block";

/// Inflates any gzip members one after the other.
std::unique_ptr<ByteSource> make_gzip_inflater(std::unique_ptr<ByteSource> stored, std::string name);

}  // namespace mrf::codec
