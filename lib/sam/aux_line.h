// SPDX-License-Identifier: MIT
#pragma once

#include "sam/line_cursor.h"

namespace mrf::sam {

/// Writes the optional fields of a SAM line, from behind the tab to the end, as a BAM record has them. `to`
/// has room for twice as many bytes as the fields have; the end of what was written is put into `end`. False
/// as SamLine::parse().
bool parse_aux(LineCursor cursor, std::uint8_t* to, std::uint8_t*& end);

}  // namespace mrf::sam
