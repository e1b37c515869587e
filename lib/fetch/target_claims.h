// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace mrf::fetch {

/// Where `path` really is: absolute, with every symbolic link followed, dangling ones too, and without "."
/// and
/// "..". What does not exist is taken as it stands.
std::string real_place(const std::string& path);

/// The files that the entries of a manifest write: no two may meet, and none may be outside of a directory.
class TargetClaims {
 public:
  /// With `resume` the names that PartFile uses are claimed, too. `root` is the directory.
  TargetClaims(bool resume, const std::string& root);

  /// Claims `target` for entry `number`. Returns why that cannot be, "" when it can.
  std::string claim(const std::string& target, std::size_t number);

 private:
  struct File {
    std::size_t entry;
    bool is_target;  ///< else a file of PartFile's
  };

  std::string place_of(const std::string& target);
  std::string claim_place(const std::string& place, const std::string& shown, File file);

  bool resume_;
  std::string root_;                                ///< where it really is, with '/' at its end
  std::map<std::string, std::string> looked_up_;    ///< directories as they are named and where they are
  std::map<std::string, File> files_;               ///< by their places
  std::map<std::string, std::size_t> directories_;  ///< those above the files, and an entry that needs them
};

}  // namespace mrf::fetch
