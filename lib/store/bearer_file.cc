// SPDX-License-Identifier: MIT
#include "store/bearer_file.h"

#include <sys/stat.h>

#include <utility>

#include "base/error.h"
#include "store/token_file.h"

namespace mrf::store {

namespace {

std::string read_bearer_token(const std::string& path) {
  std::string token = read_token(path);
  for (const char c : token) {
    if (c <= ' ' || c > '~')
      throw base::Error(base::Status::failure, "use", path, "it does not hold one token on one line");
  }
  return token;
}

}  // namespace

BearerFile::BearerFile(std::string path) : path_(std::move(path)), token_(read_bearer_token(path_)) {}

std::string BearerFile::header() const {
  const std::lock_guard lock(mutex_);
  return "Authorization: Bearer " + token_;
}

bool BearerFile::renew() {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  std::string token = read_bearer_token(path_);
  const std::lock_guard lock(mutex_);
  return std::exchange(token_, token) != token;
}

}  // namespace mrf::store
