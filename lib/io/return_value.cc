// SPDX-License-Identifier: MIT
#include "io/return_value.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "io/fd.h"

namespace mrf::io {

std::optional<std::string> read_return_value(const std::string& path, const std::string& owner) {
  const std::string name = fmt::format("return value of {}", owner);
  // Not waiting for the writer of a FIFO.
  const Fd file(adopt_fd, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  if (!file.is_open() && errno == ENOENT) return std::nullopt;
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) throw base::SystemError("read", name);
  if (!S_ISREG(info.st_mode))
    throw base::Error(base::Status::failure, "read", name, "MRF_RESULT is no regular file any more");
  std::string text(most_result_bytes + 1, '\0');
  Meter meter;
  text.resize(read_full(file, name, text, meter));
  if (text.size() > most_result_bytes)
    throw base::Error(
        base::Status::failure, "read", name,
        fmt::format("it has more than {} bytes; for tables there are --side and save:", most_result_bytes));
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace mrf::io
