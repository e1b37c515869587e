// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fetch/expectation.h"
#include "http/url.h"

namespace mrf::fetch {

/// One object of a manifest.
struct ManifestEntry {
  http::Url url;
  std::string target;                      ///< the path of a file
  std::optional<Expectation> expectation;  ///< else the server's is used
  bool unverified = false;                 ///< the algorithm is null
};

struct ManifestOptions {
  bool resume = false;     ///< the names that PartFile uses count as targets, too
  std::string root = ".";  ///< a directory; no target may be outside of it
};

/// Reads a manifest, "-" for standard input: a JSON array of objects with "url" and, as far as wanted,
/// "filepath", "checksum" and "checksum-algorithm"; of other fields it warns. Everything is checked; the
/// UsageError names the entry, counted from 1, and the field. Without a filepath, and in one that is a
/// directory, a file is named like the last component of its URL. Refused are entries that would write one
/// file, one whose target is a directory for another, one outside of the root, symbolic links followed, and a
/// name that an object has twice.
std::vector<ManifestEntry> read_manifest(const std::string& path, const ManifestOptions& options);

/// The same from text. Throws as there.
std::vector<ManifestEntry> parse_manifest(const std::string& text, const std::string& name,
                                          const ManifestOptions& options);

}  // namespace mrf::fetch
