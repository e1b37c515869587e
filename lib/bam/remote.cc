// SPDX-License-Identifier: MIT
#include "bam/remote.h"

#include <algorithm>
#include <cerrno>

#include "sys/error.h"

namespace mrf::bam {

bool is_url(std::string_view path) { return path.starts_with("http://") || path.starts_with("https://"); }

std::string shown_path(std::string_view path) {
  if (!is_url(path)) return std::string(path);
  const std::size_t host = path.find("://") + 3;
  path = path.substr(0, path.find_first_of("?#"));
  const std::size_t slash = std::min(path.find('/', host), path.size());
  const std::size_t at = path.substr(0, slash).rfind('@');
  if (at == std::string_view::npos) return std::string(path);
  return std::string(path.substr(0, host)).append(path.substr(at + 1));
}

// The numbers are those that htslib makes of HTTP statuses (hfile_libcurl.c).
void throw_remote_error(std::string_view verb, const std::string& name) {
  switch (errno) {
    case ENOENT:
      throw Error(Status::refused, verb, name, "the server has no such file");
    case EPERM:
    case EACCES:
      throw Error(Status::refused, verb, name, "the server denies access");
    case EINVAL:
    case EROFS:
      throw Error(Status::refused, verb, name, "the server refuses the request");
    default:
      throw Error(Status::unavailable, verb, name, "the server cannot be reached or does not answer");
  }
}

}  // namespace mrf::bam
