// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace mrf::fetch {

/// Directories that are made on the way to a file. Those that are still empty when the object dies are
/// removed again. Any thread.
class MadeDirectories {
 public:
  MadeDirectories() = default;
  ~MadeDirectories();
  MadeDirectories(const MadeDirectories&) = delete;
  MadeDirectories& operator=(const MadeDirectories&) = delete;

  /// Makes `path` and those above it, as far as they are missing. Throws SystemError "cannot make directory".
  void make(const std::string& path);

 private:
  std::mutex mutex_;
  std::vector<std::string> made_;
};

}  // namespace mrf::fetch
