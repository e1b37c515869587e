// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "fetch/checks.h"
#include "fetch/download.h"
#include "fetch/target_output.h"
#include "http/curl_network.h"
#include "http/url.h"
#include "io/stats.h"

namespace mrf::fetch {

/// How objects are fetched.
struct FetchSettings {
  http::NetworkOptions network;
  FetchOptions requests;
  PartSizes sizes;
  CheckOptions checks;
  std::uint64_t buffer = 64 << 20;         ///< bytes that may wait for their turn on the way to a pipe
  bool resume = false;                     ///< leave an interrupted download behind, and take it up
  std::uint64_t defer_from = unknown_end;  ///< bytes; fetch_object() throws Deferred for larger objects
  bool overwrite = false;                  ///< a name that the server chose may replace a file
  bool threads = true;                     ///< false: everything in the calling thread
  std::function<void(const std::string&)> on_target;  ///< told of each target before it is opened; may throw
  MadeDirectories* directories = nullptr;  ///< of a manifest: paths are those of files, directories are made
};

/// What became of an object.
struct Fetched {
  std::string target;          ///< the path, or "standard output"; "" when it was not known yet
  std::uint64_t bytes_in = 0;  ///< over the network
  io::Meter out;
  std::string verified_by;  ///< the checksum; "" when unverified
  std::string doubt;        ///< why it is unverified; "" when the user wants that
  bool size_is_known = false;
  bool is_complete = false;  ///< the output is whole and has its name
};

using Progress = std::function<void(std::uint64_t bytes, std::optional<std::uint64_t> total)>;

/// Fetches `url` to `path` (as choose_target() takes it). `fetched` is filled in after a failure, too. Throws
/// Error.
void fetch_object(http::Network& network, const FetchSettings& settings, const http::Url& url,
                  const std::string& path, const Progress& progress, Fetched& fetched);

/// Warns of what could not be checked, and notes what was.
void tell_checks(const http::Url& url, const Fetched& fetched);

}  // namespace mrf::fetch
