// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mrf::base {

/// "; did you mean 'NEAR'?" with the one of `known` that is nearest to `name` (Levenshtein distance, at most
/// a third of the longer name's length, rounded); empty when none is near.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known);

/// The keys of a map, for did_you_mean().
template <typename Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& [key, unused] : map) keys.push_back(key);
  return keys;
}

}  // namespace mrf::base
