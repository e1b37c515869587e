// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "http/curl_network.h"
#include "http/network.h"
#include "store/bearer_file.h"
#include "store/s3.h"

namespace mrf::store {

struct StoreOptions {
  S3Options s3;
  /// The token for trusted https and http requests, for gs and for servers of DRS; null when there is none.
  /// All networks of a run share it, since a pipe can be read once only.
  std::shared_ptr<BearerFile> bearer{};
};

/// Transfers by libcurl, of s3, gs and drs names too. A name is found when its request starts, so that
/// whoever asks for ranges of an object knows its name only. The receiver sees the last response: one that
/// tells of another region, of expired credentials or of an expired place of a DRS object is followed by
/// another request, and so is a redirection of a name. Heads of responses get what is known of the object
/// beside them:
///   DRS-Checksum    checksums of a DRS object (drs_checksum_field()), whose size has to be that of the
///   response
///   S3-Part-Sizes   bytes of the parts of an S3 upload, one number when all but the last have it
///   S3-Part-Sizes-Fault   why the store does not tell them
/// The parts are asked for when a request for a whole object needs its checksum, which depends on them. A
/// question that is interrupted interrupts the request; what was answered is not asked again.
/// Transfers that need AWS credentials wait until these have been looked for (RefreshableCredentials); all
/// others go on. An endpoint of credentials that is unavailable interrupts the transfers that waited for its
/// answer. Throws as http::make_curl_network() does.
std::unique_ptr<http::Network> make_store_network(const http::NetworkOptions& network,
                                                  const StoreOptions& options);
/// The same around another network, which `ask` belongs to.
std::unique_ptr<http::Network> make_store_network(std::unique_ptr<http::Network> inner, Ask ask,
                                                  const StoreOptions& options);

}  // namespace mrf::store
