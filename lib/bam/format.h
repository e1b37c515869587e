// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bam/input.h"

namespace mrf::bam {

/// What the first bytes of an input say of it.
struct FoundFormat {
  Format format = Format::sam;
  Packing packing = Packing::plain;
  /// Why the input cannot be read, naming what it is; empty when it can.
  std::string refusal{};
};

/// Finds the format of an input that begins with `first`, which is not empty; nothing when more bytes are
/// needed, which is never so when it `ended`. With `is_text_sam`, text is SAM whatever it looks like.
std::optional<FoundFormat> find_format(std::string_view first, bool ended, bool is_text_sam);

}  // namespace mrf::bam
