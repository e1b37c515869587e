// SPDX-License-Identifier: MIT
#include "shard/shard_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "io/fd.h"

namespace mrf::shard {

namespace {

constexpr off_t bytes_of_end = 16384;

std::string without_notes(std::string_view text) {
  std::string rest;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool is_note =
        line.ends_with(again_note) || line.ends_with(bad_data_note) || line.ends_with(counting_note);
    if (!is_note) rest.append(line).append("\n");
  }
  return rest;
}

}  // namespace

std::string log_path(const Directory& directory, std::size_t shard) {
  return fmt::format("{}/logs/{}.log", directory.path(), shard);
}

std::string end_of_log(const Directory& directory, std::size_t shard, std::size_t most) {
  const int fd = ::open(log_path(directory, shard).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return "";
  const io::Fd file(io::adopt_fd, fd);
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return "";
  std::string text(static_cast<std::size_t>(std::min<off_t>(info.st_size, bytes_of_end)), '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), info.st_size - static_cast<off_t>(text.size()));
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return last_lines(without_notes(text), most);
}

void remove_log(const Directory& directory, std::size_t shard) {
  const std::string path = log_path(directory, shard);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw base::SystemError("remove", path);
}

std::string last_lines(std::string_view text, std::size_t most) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t begin = text.size();
  for (std::size_t lines = 0; lines < most && begin != 0 && begin != std::string_view::npos; ++lines)
    begin = text.rfind('\n', begin - 1);
  if (begin != std::string_view::npos) text.remove_prefix(std::min(begin + 1, text.size()));
  return std::string(text);
}

}  // namespace mrf::shard
