// SPDX-License-Identifier: MIT
#pragma once

#include "http/network.h"
#include "store/bearer_file.h"

namespace mrf::store {

/// What to send for a request whose URL is gs://BUCKET/KEY: an object of Google Cloud Storage by its XML
/// interface, with the token in GCS_OAUTH_TOKEN, else with `bearer` unless it is null, else, or when the user
/// did not name the object, without one. STORAGE_EMULATOR_HOST is another server, by http unless it says
/// https.
http::Request gcs_request(const http::Request& named, const BearerFile* bearer);

}  // namespace mrf::store
