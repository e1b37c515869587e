// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "codec/block_splitter.h"

namespace mrf::codec::deflate {

/// Writes `payload`, parsed into `parts`, as a DEFLATE stream with one block for each, which has codes of its
/// own (RFC 1951, section 3.2.7). Three bytes behind the payload may be read. Returns the bytes written, 0
/// when they do not fit into `to` less 8 bytes.
std::size_t write_blocks(const char* payload, std::span<const BlockPart> parts, std::span<char> to);

}  // namespace mrf::codec::deflate
