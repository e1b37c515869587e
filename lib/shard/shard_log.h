// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shard/directory.h"

namespace mrf::shard {

// What a shard wrote to its standard error while an engine ran it. It is there for people, and says nothing
// of success.

/// logs/I.log in the directory.
std::string log_path(const Directory& directory, std::size_t shard);
/// Its last lines, `most` of them; empty when there is none, or it cannot be read.
std::string end_of_log(const Directory& directory, std::size_t shard, std::size_t most);
/// Throws SystemError.
void remove_log(const Directory& directory, std::size_t shard);

/// The last lines of a text, `most` of them.
std::string last_lines(std::string_view text, std::size_t most);

}  // namespace mrf::shard
