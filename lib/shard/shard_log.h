// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shard/directory.h"

namespace mrf::shard {

// What a shard wrote to its standard error while an engine ran it. It is there for people, and says nothing
// of success.

/// What a shard's last line ends with when its command has failed.
inline constexpr std::string_view again_note = "; the same command runs it again";
/// The same for bad data.
inline constexpr std::string_view bad_data_note =
    "; where the filter is the reason, the same command runs it again when the filter is mended";
/// The note of a shard that does not know the number of its first record.
inline constexpr std::string_view counting_note =
    "records and lines of a shard are counted from its first one";

/// logs/I.log in the directory.
std::string log_path(const Directory& directory, std::size_t shard);
/// Its last lines, `most` of them, without those of the notes, which are the same for all shards; empty
/// when there is none, or it cannot be read.
std::string end_of_log(const Directory& directory, std::size_t shard, std::size_t most);
/// Throws SystemError.
void remove_log(const Directory& directory, std::size_t shard);

/// The last lines of a text, `most` of them.
std::string last_lines(std::string_view text, std::size_t most);

}  // namespace mrf::shard
