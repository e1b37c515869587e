// SPDX-License-Identifier: MIT
#include "store/bearer_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "http/response_head.h"
#include "io/reader.h"

namespace mrf::store {

namespace {

// What a pipe holds can be read once only, and each network of a run wants it.
std::string text_in_file(const std::string& path) {
  struct stat info {};
  const bool is_stdin = path == "-";
  const int result = is_stdin ? ::fstat(STDIN_FILENO, &info) : ::stat(path.c_str(), &info);
  if (result != 0 || (!is_stdin && !S_ISFIFO(info.st_mode))) return io::read_whole(path);
  static std::mutex mutex;
  static std::map<std::pair<dev_t, ino_t>, std::string> read;
  const std::lock_guard lock(mutex);
  std::string& text = read[{info.st_dev, info.st_ino}];
  if (text.empty()) text = io::read_whole(path);
  return text;
}

std::string read_token(const std::string& path) {
  std::string token(http::trimmed(text_in_file(path)));
  if (token.empty()) throw base::Error(base::Status::failure, "use", path, "it holds no token");
  for (const char c : token) {
    if (c <= ' ' || c > '~')
      throw base::Error(base::Status::failure, "use", path, "it does not hold one token on one line");
  }
  return token;
}

}  // namespace

BearerFile::BearerFile(std::string path)
    : path_(std::move(path)), token_(path_.empty() ? "" : read_token(path_)) {}

bool BearerFile::renew() {
  struct stat info {};
  if (path_.empty() || ::stat(path_.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  std::string token = read_token(path_);
  return std::exchange(token_, token) != token;
}

}  // namespace mrf::store
