// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "codec/deflate_format.h"

namespace mrf::codec::deflate {

/// Writes `payload`, parsed into `sequences` whose symbols occur as `frequencies` say (the end of the block
/// once), as the last block of a DEFLATE stream with codes of its own (RFC 1951, section 3.2.7). Three bytes
/// behind the payload may be read. Returns the bytes written, 0 when they do not fit into `to` less 8 bytes.
std::size_t write_block(const char* payload, std::span<const Sequence> sequences,
                        const Frequencies& frequencies, std::span<char> to);

}  // namespace mrf::codec::deflate
