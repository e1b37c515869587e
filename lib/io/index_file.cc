// SPDX-License-Identifier: MIT
#include "io/index_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <initializer_list>

#include "base/message.h"

namespace mrf::io {

namespace {

// The path without what follows the last dot of its last component.
std::string without_extension(const std::string& path) {
  const std::size_t dot = path.find_last_of("./");
  return dot == std::string::npos || path[dot] == '/' ? path : path.substr(0, dot);
}

bool is_there(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

}  // namespace

std::string index_beside(const std::string& path, IndexOf kind) {
  for (const char* extension : {".csi", kind == IndexOf::cram ? ".crai" : ".bai"}) {
    for (const std::string& base : {path, without_extension(path)}) {
      if (is_there(base + extension)) return base + extension;
    }
  }
  return "";
}

void warn_of_old_index(const std::string& path, IndexOf kind) {
  const std::string index = index_beside(path, kind);
  struct stat of_file {};
  struct stat of_index {};
  if (index.empty() || ::stat(path.c_str(), &of_file) != 0 || ::stat(index.c_str(), &of_index) != 0) return;
  if (of_index.st_mtime >= of_file.st_mtime) return;
  base::warn(fmt::format(
      "the index '{}' is older than '{}' and read before others: make it anew, or remove it", index, path));
}

}  // namespace mrf::io
