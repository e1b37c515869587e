// SPDX-License-Identifier: MIT
#include "sam/remote.h"

#include <cerrno>

#include "base/error.h"
#include "base/redact.h"

namespace mrf::sam {

bool is_url(std::string_view path) { return path.starts_with("http://") || path.starts_with("https://"); }

std::string shown_path(std::string_view path) {
  if (!is_url(path)) return std::string(path);
  const std::string shown = base::redact_url(path);
  return shown.substr(0, shown.find('?'));
}

// The numbers are those that htslib makes of HTTP statuses (hfile_libcurl.c).
void throw_remote_error(std::string_view verb, const std::string& name) {
  switch (errno) {
    case ENOENT:
      throw base::Error(base::Status::refused, verb, name, "the server has no such file");
    case EPERM:
    case EACCES:
      throw base::Error(base::Status::refused, verb, name, "the server denies access");
    case EINVAL:
    case EROFS:
      throw base::Error(base::Status::refused, verb, name, "the server refuses the request");
    default:
      throw base::Error(base::Status::unavailable, verb, name,
                        "the server cannot be reached or does not answer");
  }
}

}  // namespace mrf::sam
