// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fetch/manifest.h"

namespace mrf::fetch {

/// The array of a manifest in JSON. Throws its fault as plain text (std::string): what is no JSON, no array,
/// or has an object with a name twice, of which any value but the last would be lost.
nlohmann::json parse_json_manifest(const std::string& text);

/// One object of such an array, with "url", and "filepath" below `directory` (placed()). Throws its fault as
/// plain text.
ManifestEntry entry_of_json(const nlohmann::json& object, const std::string& directory);

/// The fields of an object that entry_of_json() does not know.
std::vector<std::string> unknown_fields(const nlohmann::json& object);

}  // namespace mrf::fetch
