// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sam/buffer.h"
#include "sam/lenience.h"

namespace mrf::sam {

/// Appends the optional fields of a record (SAM specification, section 4.2.4), a tab before each, as
/// htslib's sam_format_aux1() does. Returns an empty string, or why text cannot hold them; what was appended
/// means nothing then. Throws std::bad_alloc.
std::string append_aux_text(std::span<const std::uint8_t> fields, Lenience lenience, Buffer& to);

}  // namespace mrf::sam
