// SPDX-License-Identifier: MIT
#include "sys/scratch_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "sys/error.h"

namespace mrf {

Fd open_scratch_file() {
  const char* root = ::getenv("TMPDIR");
  const std::string directory = root != nullptr && *root != '\0' ? root : "/tmp";
  int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    std::string name = directory + "/mrf-run.XXXXXX";
    fd = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd >= 0) ::unlink(name.c_str());
  }
  if (fd < 0) throw SystemError("make a temporary file in", directory);
  return {adopt_fd, fd};
}

}  // namespace mrf
