// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "http/url.h"

namespace mrf::fetch {

/// URLs of files that a list names without one.

/// The file `name` below `base`: NAME behind the path of the URL, with a '/' between them and in front of its
/// query. Bytes of the name that mean something in a URL are percent-encoded, but in a key of s3:// and
/// gs://. Throws UsageError for a name that is absolute or leaves the base ("..").
http::Url url_below(const std::string& base, const std::string& name);

/// "host/path" as archives write it, a path of FTP, is https://host/path, percent-encoded; a text with "://"
/// is taken as it is. Throws UsageError.
http::Url url_of_host_and_path(const std::string& text);

/// The directory of a URL's file, without query: "https://h/a/b?c" is "https://h/a/".
std::string directory_of_url(const std::string& url);

}  // namespace mrf::fetch
