// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/paths.h"

namespace mrf::process {

/// How often it is looked whether what a command has left behind still may write, and after how long a
/// message says so.
inline constexpr std::chrono::milliseconds left_behind_step{20};
inline constexpr std::chrono::seconds before_left_behind_message{10};

/// A file that counts until what a command has left behind has written it, or read it.
struct AwaitedFile {
  std::string name;  ///< for messages
  /// A process that has this file open for writing may still write it.
  std::optional<io::FileId> id;
  /// A process whose words or environment hold this part of a path may still open the file; "" is in none. It
  /// counts where no further character of a file name follows it.
  std::string path{};
  /// It is to be read: who has it open for reading counts, not for writing.
  bool is_read = false;
};

/// A process that a command has left behind, such as a process substitution of bash(1), and that may still
/// write a file, or read it.
struct LeftBehind {
  enum class Way { knows_path, writes, reads };
  pid_t pid = -1;
  std::string file;  ///< AwaitedFile::name
  Way way = Way::knows_path;

  /// "process 12 (sort), which `who` has left behind, ..., and what can be done about that.
  std::string describe(const std::string& who) const;
};

/// A descendant of `parent` that may still write, or read, one of `files`: one of the children that the main
/// thread of `parent` started or adopted, but `spared`, or of their descendants. `files` is called when there
/// is any such process. Of a process that this user may not look into (ptrace(2)), only the words count.
std::optional<LeftBehind> find_left_behind(pid_t parent, const std::vector<pid_t>& spared,
                                           const std::function<std::vector<AwaitedFile>()>& files);

/// Whether messages about one wait are due, each once.
class LeftBehindClock {
 public:
  /// True at the first call that is late enough.
  bool is_due();

 private:
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::now() + before_left_behind_message;
  bool has_told_ = false;
};

}  // namespace mrf::process
