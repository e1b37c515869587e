// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "sam/buffer.h"

namespace mrf::bam {

/// Appends the optional fields of a record (SAM specification, section 4.2.4), a tab before each, as
/// htslib's sam_format_aux1() does. False when they are malformed. Throws std::bad_alloc.
bool append_aux_text(std::span<const std::uint8_t> fields, Buffer& to);

}  // namespace mrf::bam
