// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace mrf::shard {

/// A word of the filter that is a file, and what the file was when the shard began.
struct CommandFile {
  std::string word;
  std::string state;  ///< digest of its bytes; of a file beyond 1 MiB size and time of change

  bool operator==(const CommandFile&) const = default;
};

/// The words of a filter that are regular files: each as it is given, the first one as PATH finds it, each
/// once. What cannot be read is left out.
std::vector<CommandFile> command_files(const std::vector<std::string>& words);

/// A shard that is done, and the files of its command.
using FilesOfShard = std::pair<std::size_t, std::vector<CommandFile>>;
/// A sentence for each file of `files` which is not what it was for one of the shards, which are in order:
/// "'./filter' has changed since shards 0, 2 and 3 were made".
std::vector<std::string> changes_of_files(const std::vector<CommandFile>& files,
                                          const std::vector<FilesOfShard>& shards);

/// "shard 3", "shards 0, 2 and 3"; of many shards the first ten.
std::string named_shards(const std::vector<std::size_t>& shards);

}  // namespace mrf::shard
