// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fetch/expectation.h"
#include "fetch/fetch_object.h"
#include "http/url.h"
#include "io/paths.h"

namespace mrf::fetch {

/// One object of a manifest.
struct ManifestEntry {
  std::optional<http::Url> url;            ///< nothing when only names are listed and nothing is fetched
  std::string target;                      ///< the path of a file
  std::optional<Expectation> expectation;  ///< else the server's is used
  bool unverified = false;                 ///< the algorithm is null
  std::optional<std::uint64_t> size = {};  ///< bytes
  bool is_trusted = true;                  ///< not on a host that only a list from elsewhere names
  bool may_be_link = true;                 ///< `target`, a symbolic one
};

struct ManifestOptions {
  bool resume = false;           ///< the names that PartFile uses count as targets, too
  std::string root = ".";        ///< a directory; no target may be outside of it
  std::string base_url;          ///< where the names of a checksum list are; "" when they are nowhere
  std::string default_base_url;  ///< the same, when there is no other
  std::string ena_files;         ///< the kinds of files of a filereport; "" is the first usual one
  bool fetches = true;           ///< every entry needs a URL
  /// Files that the run writes besides, and the option of each: no target may be one of them.
  std::vector<std::pair<std::string, std::string>> kept;
  std::string directory{};  ///< relative names are below it; "" is the working directory
};

/// Reads a list of files, "-" for standard input. A list at a URL is fetched with `settings`; its names are
/// below its directory when there is no other base. A text that begins with '[' is JSON: an array of objects
/// with "url" and, as far as wanted, "filepath", "checksum", "checksum-algorithm" and "size", or with the
/// fields of a filereport. One whose first line has a column that ends in "_ftp" is a filereport
/// (FileReport). Each line of any other is a URL or one of a checksum list (parse_checksum_line()); empty
/// lines and those that begin with '#' are passed over.
///
/// Everything is checked; the UsageError names the entry or the line, counted from 1. Of what is not known it
/// warns. Without a filepath, and in one that is a directory, a file is named like the last component of its
/// URL; a relative one is below the directory of the options. Refused are entries that would write one file,
/// one whose target is a directory for another, one outside of the root, symbolic links followed, one that
/// would replace the list, and a name that an object has twice. Passed over with a warning are the list's own
/// name in a checksum list, and lines that are there twice.
std::vector<ManifestEntry> read_manifest(const std::string& path, const ManifestOptions& options,
                                         const FetchSettings& settings);

/// What a list is from, and its own entry in it.
struct ManifestOrigin {
  std::optional<io::FileId> file;  ///< a regular file
  std::optional<http::Url> url;
};

/// The same from text. Throws as there.
std::vector<ManifestEntry> parse_manifest(const std::string& text, const std::string& name,
                                          const ManifestOptions& options, const ManifestOrigin& origin = {});

}  // namespace mrf::fetch
