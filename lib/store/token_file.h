// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

namespace mrf::store {

/// More than any server takes in a head.
constexpr std::size_t most_token_bytes = 64 << 10;

/// The token in a file, without the blanks and line ends around it. Throws SystemError, and Error when the
/// file holds none, or more than `most_token_bytes`.
std::string read_token(const std::string& path);

}  // namespace mrf::store
