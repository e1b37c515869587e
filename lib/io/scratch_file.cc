// SPDX-License-Identifier: MIT
#include "io/scratch_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/error.h"

namespace mrf::io {

std::string temporary_directory() {
  const char* directory = ::getenv("TMPDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/tmp";
}

std::string scratch_file_name() { return "temporary file in " + temporary_directory(); }

Fd open_scratch_file() {
  const std::string directory = temporary_directory();
  Fd file(adopt_fd, ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  // Not every file system knows files without a name (open(2)).
  if (!file.is_open() && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    std::string path = directory + "/mrf-scratch.XXXXXX";
    file = Fd(adopt_fd, ::mkostemp(path.data(), O_CLOEXEC));
    if (file.is_open() && ::unlink(path.c_str()) != 0) throw base::SystemError("remove", path);
  }
  if (!file.is_open()) throw base::SystemError("make", scratch_file_name());
  return file;
}

}  // namespace mrf::io
