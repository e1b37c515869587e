// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "fetch/fetch_many.h"
#include "fetch/fetch_object.h"

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
  std::string root;  ///< of a manifest's targets; "" is the working directory
  ManyOptions many;
  FetchSettings settings;
};

/// The settings that the arguments mean, with what the environment adds (CURL_CA_BUNDLE). Throws UsageError.
FetchSettings settings_of(const FetchArguments& arguments);

}  // namespace mrf::fetch
