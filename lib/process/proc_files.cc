// SPDX-License-Identifier: MIT
#include "process/proc_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "io/fd.h"

namespace mrf::process {

std::string proc_text(const std::string& path) {
  const io::Fd fd(io::adopt_fd, ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return "";
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t length = ::read(fd.get(), piece.data(), piece.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(length));
  }
}

std::optional<std::vector<std::string>> proc_paths(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    paths.push_back(entry->path());
  if (error) return std::nullopt;
  return paths;
}

}  // namespace mrf::process
