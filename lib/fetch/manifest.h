// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fetch/expectation.h"
#include "http/url.h"

namespace mrf {

/// One object of a manifest.
struct ManifestEntry {
  Url url;
  std::string target;                      ///< the path of a file
  std::optional<Expectation> expectation;  ///< else the server's is used
  bool unverified = false;                 ///< the algorithm is null
};

/// Reads a manifest, "-" for standard input: a JSON array of objects with "url" and, as far as wanted,
/// "filepath", "checksum" and "checksum-algorithm". Everything is checked; the UsageError names the entry,
/// counted from 1, and the field. Without a filepath, and in one that is a directory, a file is named like
/// the last component of its URL. Entries that would write one file are refused, and one whose target is a
/// directory for another; with `resume` the names that PartFile uses count, too.
std::vector<ManifestEntry> read_manifest(const std::string& path, bool resume);

/// The same from text. Throws as there.
std::vector<ManifestEntry> parse_manifest(const std::string& text, const std::string& name, bool resume);

}  // namespace mrf
