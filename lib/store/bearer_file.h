// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <string>

namespace mrf::store {

/// A token (RFC 6750) in a file, such as one that another program keeps fresh. It is on no command line.
/// Any thread.
class BearerFile {
 public:
  /// Reads the file. Throws SystemError, and Error when it holds no token.
  explicit BearerFile(std::string path);

  /// "Authorization: Bearer TOKEN"
  std::string header() const;
  /// Reads the file again, unless it is a pipe. Whether the token is another one now.
  bool renew();

 private:
  std::string path_;
  mutable std::mutex mutex_;
  std::string token_;
};

}  // namespace mrf::store
