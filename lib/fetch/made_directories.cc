// SPDX-License-Identifier: MIT
#include "fetch/made_directories.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace mrf::fetch {

namespace {

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

MadeDirectories::~MadeDirectories() {
  for (auto path = made_.rbegin(); path != made_.rend(); ++path) ::rmdir(path->c_str());
}

void MadeDirectories::make(const std::string& path) {
  if (is_directory(path)) return;
  const std::lock_guard lock(mutex_);
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (is_directory(part)) continue;
    made_.push_back(part);
    if (::mkdir(part.c_str(), 0777) == 0) continue;
    const int error = errno;
    made_.pop_back();
    if (error != EEXIST || !is_directory(part)) throw base::SystemError("make directory", path, error);
  }
}

}  // namespace mrf::fetch
