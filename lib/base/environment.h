// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <string>

namespace mrf::base {

/// The value of an environment variable, "" when it is not set: an empty variable counts as missing.
inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace mrf::base
