// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf::store {

/// A token (RFC 6750) in a file, such as one that another program keeps fresh. It is on no command line.
class BearerFile {
 public:
  /// "" is no file, and there is no token then. A pipe is read once in the life of the program. Throws
  /// SystemError, and Error when it holds none.
  explicit BearerFile(std::string path);

  bool has_token() const { return !token_.empty(); }
  /// "Authorization: Bearer TOKEN"
  std::string header() const { return "Authorization: Bearer " + token_; }
  /// Reads the file again, unless it is a pipe. Whether the token is another one now.
  bool renew();

 private:
  std::string path_;
  std::string token_;
};

}  // namespace mrf::store
