// SPDX-License-Identifier: MIT
#include "stream/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/error.h"
#include "sys/io.h"

namespace mrf {

InputFile open_input(const std::string& path) {
  InputFile input;
  if (path == "-") {
    input.fd = duplicate(FdRef(STDIN_FILENO));
    input.name = stdin_name;
  } else {
    input.fd = open_file(path, O_RDONLY);
    input.name = path;
  }
  struct stat info {};
  if (::fstat(input.fd.get(), &info) != 0) throw SystemError("open", input.name);
  if (S_ISDIR(info.st_mode)) throw SystemError("open", input.name, EISDIR);
  if (S_ISREG(info.st_mode) && ::lseek(input.fd.get(), 0, SEEK_CUR) == 0) input.size = info.st_size;
  return input;
}

}  // namespace mrf
