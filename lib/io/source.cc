// SPDX-License-Identifier: MIT
#include "io/source.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "io/io.h"

namespace mrf::io {

namespace {

// A URL is not a file; getm-fetch reads it.
Fd open_path(const std::string& path, int flags) {
  try {
    return open_file(path, flags);
  } catch (const base::SystemError& error) {
    if (error.error_number() != ENOENT || path.find("://") == std::string::npos) throw;
    throw base::Error(base::Status::failure, "open", path,
                      "it is a URL: pipe it in, 'getm-fetch URL - | ...'");
  }
}

InputFile open_with(const std::string& path, int flags) {
  InputFile input;
  if (path == "-") {
    input.fd = duplicate(FdRef(STDIN_FILENO));
    input.name = stdin_name;
  } else {
    input.fd = open_path(path, O_RDONLY | flags);
    input.name = path;
  }
  struct stat info {};
  if (::fstat(input.fd.get(), &info) != 0) throw base::SystemError("open", input.name);
  if (S_ISDIR(info.st_mode)) throw base::SystemError("open", input.name, EISDIR);
  input.is_regular = S_ISREG(info.st_mode);
  if (input.is_regular && ::lseek(input.fd.get(), 0, SEEK_CUR) == 0) input.size = info.st_size;
  return input;
}

}  // namespace

bool is_anonymous_pipe(const std::string& path) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && info.f_type == PIPEFS_MAGIC;
}

InputFile open_input(const std::string& path) { return open_with(path, 0); }

// Opened by its path, the file has flags of its own, so that reading may wait again.
InputFile open_input_at_once(const std::string& path) {
  InputFile input = open_with(path, O_NONBLOCK);
  if (path != "-" && ::fcntl(input.fd.get(), F_SETFL, 0) != 0) throw base::SystemError("open", input.name);
  return input;
}

}  // namespace mrf::io
