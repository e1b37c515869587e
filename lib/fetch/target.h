// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/response_head.h"
#include "http/url.h"

namespace mrf::fetch {

/// The file name in a Content-Disposition field (RFC 6266; filename* of RFC 8187 before filename), as UTF-8:
/// its last component only. Nothing when there is none, or when it could do harm: "." or "..", a leading dot,
/// control characters, marks that change the direction or the look of a text (U+202E and the like), text that
/// is no UTF-8, or more bytes than a name may have.
std::optional<std::string> disposition_name(std::string_view field);

/// True for a name that can stand in a directory and has no control characters.
bool is_file_name(const std::string& name);
/// Whether a name between the slashes of a path is longer than a file system takes, NAME_MAX bytes.
bool has_long_name(std::string_view path);

/// The path of file `name` in a directory, "" for the current one; never "-", which is standard output.
std::string in_directory(const std::string& directory, const std::string& name);
/// The path of a name in a list whose relative names are below `directory`, "" for the current one.
std::string placed(const std::string& directory, const std::string& name);

/// Where the data goes.
struct Target {
  std::string path;
  /// The name is the server's, and not the one that the URL ends in: a file that has it is not the user's to
  /// lose.
  bool is_servers_choice = false;
};

/// Where the data goes. `path` is what the user said: "-", a file, a directory that exists or ends in
/// '/', or "" for the current directory. The name in a directory is the server's, else the URL's. Throws
/// UsageError when neither has one.
Target choose_target(const std::string& path, const http::Url& url, const http::ResponseHead& head);

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
  /// io::is_synced_together(), which is remembered when it is so.
  bool is_synced_together(const std::string& path);

 private:
  std::mutex mutex_;
  std::set<std::string> synced_together_;
  std::vector<std::string> made_;
};

/// Where `path` really is: absolute, with every symbolic link followed, dangling ones too, and without
/// "." and "..". What does not exist is taken as it stands.
std::string real_place(const std::string& path);

/// The files that the entries of a manifest write: no two may meet, and none may be outside of a directory.
class TargetReservations {
 public:
  /// With `resume` the names that PartFile uses are reserved, too. `root` is the directory. `unit` is what
  /// the entries are counted in: "entry" or "line".
  TargetReservations(bool resume, const std::string& root, std::string unit = "entry");

  /// Reserves `target` for entry `number`. With `may_be_link` false the caller has seen that it is no
  /// symbolic link. Returns why that cannot be, "" when it can.
  std::string reserve(const std::string& target, std::size_t number, bool may_be_link = true);
  /// No entry may write this file, a directory for it or below it; messages call it `what`.
  void keep(const std::string& path, const std::string& what);

 private:
  struct File {
    std::size_t entry;
    bool is_target;  ///< else a file of PartFile's
  };

  std::string place_of(const std::string& target, bool may_be_link = true);
  std::string meets_kept(const std::string& place, const std::string& shown) const;
  std::string reserve_place(const std::string& place, const std::string& shown, File file);

  bool resume_;
  std::string unit_;
  std::map<std::string, std::string> kept_;  ///< by their places, and what they are
  std::string root_;                         ///< where it really is, with '/' at its end
  std::unordered_map<std::string, std::string>
      looked_up_;                                ///< directories as they are named and where they are
  std::unordered_map<std::string, File> files_;  ///< by their places
  std::unordered_map<std::string, std::size_t>
      directories_;  ///< those above the files, and an entry that needs them
};

}  // namespace mrf::fetch
