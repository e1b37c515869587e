// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "stream/source.h"

namespace mrf {

/// True when `first` starts with the magic bytes of a gzip member (RFC 1952, section 2.3.1).
bool is_gzip(std::string_view first);

/// The inflated bytes of a gzip or BGZF stream of any number of members, which `stored` gives.
/// Zero bytes after the last member are padding (gzip(1)); anything else there, a CRC or length that
/// is wrong, and an end inside a member throw DataError with `name`.
std::unique_ptr<ByteSource> make_inflater(std::unique_ptr<ByteSource> stored, std::string name);

/// The library that inflates, with its version: "ISA-L 2.30" or "zlib 1.2.13".
std::string inflate_library();

}  // namespace mrf
