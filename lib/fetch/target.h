// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/response_head.h"
#include "http/url.h"

namespace mrf::fetch {

/// The file name in a Content-Disposition field (RFC 6266; filename* of RFC 8187 before filename), as UTF-8:
/// its last component only. Nothing when there is none, or when it could do harm: "." or "..", a leading dot,
/// control characters, marks that change the direction or the look of a text (U+202E and the like), text that
/// is no UTF-8, or more bytes than a name may have.
std::optional<std::string> disposition_name(std::string_view field);

/// True for a name that can stand in a directory and has no control characters.
bool is_file_name(const std::string& name);

/// The path of file `name` in a directory, "" for the current one; never "-", which is standard output.
std::string in_directory(const std::string& directory, const std::string& name);

/// Where the data goes.
struct Target {
  std::string path;
  /// The name is the server's, and not the one that the URL ends in: a file that has it is not the user's to
  /// lose.
  bool is_servers_choice = false;
};

/// Where the data goes. `path` is what the user said: "-", a file, a directory that exists or ends in
/// '/', or "" for the current directory. The name in a directory is the server's, else the URL's. Throws
/// UsageError when neither has one.
Target choose_target(const std::string& path, const http::Url& url, const http::ResponseHead& head);

}  // namespace mrf::fetch
