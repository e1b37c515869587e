// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mrf::base {

/// The ending of an output's name, in letters of either case, says how the output is written.

/// Whether an output of this name is written as BGZF: it ends in ".gz" or ".bgz".
bool has_gzip_name(std::string_view path);

/// The name without such an ending; the name itself when it has none. A view of `path`.
std::string_view without_gzip_ending(std::string_view path);

/// What writes a file whose name says a format that no program here writes (bzip2, xz, zstd, lz4, zip, BCF,
/// and gzip in other spellings), as "its name says xz, ...; pipe it through 'xz >FILE'". Empty for other
/// names.
std::string way_to_write(std::string_view path);

}  // namespace mrf::base
