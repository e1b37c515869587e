// SPDX-License-Identifier: MIT
#include "shard/command_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/environment.h"
#include "base/error.h"
#include "shard/digest.h"
#include "shard/directory.h"

namespace mrf::shard {

namespace {

constexpr off_t largest_digested = 1 << 20;
constexpr std::size_t most_shards_named = 10;

std::string path_in_search(const std::string& word) {
  const std::string path = base::environment("PATH");
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    std::string candidate = (end == at ? "." : path.substr(at, end - at)) + "/" + word;
    struct stat info {};
    if (::stat(candidate.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
        ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
    at = end + 1;
  }
  return word;
}

std::optional<std::string> state_of_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  if (info.st_size > largest_digested)
    return fmt::format("{} bytes of {}", info.st_size, info.st_mtim.tv_sec);
  try {
    const auto bytes = read_file(path);
    return bytes ? std::optional(digest_of(*bytes)) : std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<CommandFile> command_files(const std::vector<std::string>& words) {
  std::vector<CommandFile> files;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    const auto is_same = [&word](const CommandFile& file) { return file.word == word; };
    if (word.empty() || std::any_of(files.begin(), files.end(), is_same)) continue;
    const bool is_searched = at == 0 && word.find('/') == std::string::npos;
    if (auto state = state_of_file(is_searched ? path_in_search(word) : word))
      files.push_back({word, *std::move(state)});
  }
  return files;
}

std::vector<std::string> changes_of_files(const std::vector<CommandFile>& files,
                                          const std::vector<FilesOfShard>& shards) {
  std::vector<std::string> changes;
  for (const CommandFile& file : files) {
    std::vector<std::size_t> others;
    for (const auto& [shard, of_shard] : shards) {
      const auto is_other = [&file](const CommandFile& one) {
        return one.word == file.word && one.state != file.state;
      };
      if (std::any_of(of_shard.begin(), of_shard.end(), is_other)) others.push_back(shard);
    }
    if (!others.empty())
      changes.push_back(fmt::format("'{}' has changed since {} {} made", file.word, named_shards(others),
                                    others.size() == 1 ? "was" : "were"));
  }
  return changes;
}

std::string named_shards(const std::vector<std::size_t>& shards) {
  std::string text = shards.size() == 1 ? "shard" : "shards";
  const std::size_t named = std::min(shards.size(), most_shards_named);
  for (std::size_t at = 0; at < named; ++at) {
    const char* before = at == 0 ? " " : at + 1 == shards.size() ? " and " : ", ";
    text += before + std::to_string(shards[at]);
  }
  return named < shards.size() ? fmt::format("{} and {} more", text, shards.size() - named) : text;
}

}  // namespace mrf::shard
