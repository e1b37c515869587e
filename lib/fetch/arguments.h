// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fetch/fetch_many.h"
#include "fetch/fetch_object.h"
#include "fetch/manifest.h"

namespace mrf::fetch {

/// The command line of getm-fetch(1) as it is given.
struct FetchArguments {
  std::string url;
  std::string path;
  std::string filepath;
  std::string manifest;
  std::string checksum;
  std::string algorithm;
  std::string progress;
  unsigned stall_seconds = 60;
  unsigned host_connections = 0;  ///< 0: as RequestLimits has it, or the concurrency if that is more
  unsigned connections = 0;       ///< 0: the same, or host_connections if that is more
  std::string bearer_file;        ///< holds the token of FetchSettings::store; "" when there is none
  std::string refresh_command;    ///< prints another URL for one that is refused
  std::string root;               ///< of a manifest's targets; "" is the working directory
  std::string base_url;
  std::string ena_files;
  std::string checksums;  ///< the file of --write-checksums; "" when there is none
  std::string report;     ///< likewise
  ManyOptions many;
  FetchSettings settings;
};

/// The settings that the arguments mean, with what the environment adds (CURL_CA_BUNDLE) and the token in the
/// bearer file. Says for what kind of checksum it takes one without a name. Throws UsageError, and as
/// store::BearerFile.
FetchSettings settings_of(const FetchArguments& arguments);

/// The files that a run reads besides a list, and the option of each: those with credentials and
/// certificates, and regular files that a word of --refresh-command names. No target may replace them.
std::vector<std::pair<std::string, std::string>> files_read(const FetchArguments& arguments);

/// How the manifest of the arguments is read.
ManifestOptions manifest_options_of(const FetchArguments& arguments);

}  // namespace mrf::fetch
