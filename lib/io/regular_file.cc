// SPDX-License-Identifier: MIT
#include "io/regular_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <string_view>

#include "base/error.h"

namespace mrf::io {

namespace {

std::string_view kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "FIFO";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISSOCK(mode)) return "socket";
  return "device";
}

void require_regular(const struct stat& info, const std::string& path) {
  if (S_ISREG(info.st_mode)) return;
  throw base::Error(base::Status::failure, "open", path,
                    fmt::format("a {} is there, and no regular file; remove it", kind_of(info.st_mode)));
}

}  // namespace

void refuse_irregular(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) require_regular(info, path);
}

// To open a FIFO without waiting is an error as well (ENXIO), which does not say what is there.
Fd open_regular_file(const std::string& path, int flags, unsigned mode) {
  refuse_irregular(path);
  Fd file = open_file(path, flags | O_NONBLOCK | O_NOCTTY, mode);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw base::SystemError("open", path);
  require_regular(info, path);
  return file;
}

}  // namespace mrf::io
