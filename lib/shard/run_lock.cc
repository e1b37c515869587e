// SPDX-License-Identifier: MIT
// A lock of F_SETLK is the process's own: the processes that it starts do not have it, and go on ending when
// it was killed without keeping the next run away. It would be lost when the process closed the file a second
// time, so nothing else here opens it.
#include "shard/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "io/paths.h"
#include "io/regular_file.h"

namespace mrf::shard {

namespace {

constexpr std::size_t most_holder_bytes = 4096;

// Whether it is locked now, or cannot be at all.
bool lock_whole(io::FdRef file, const std::string& path) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_SETLK, &whole) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  if (errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL) return true;
  throw base::SystemError("lock", path);
}

// For messages of others: where there is no room for it, the lock is held nevertheless.
void write_holder(io::FdRef file) noexcept {
  const std::string text = fmt::format(R"({{"host":"{}","pid":{}}}{})", host_name(), ::getpid(), "\n");
  [[maybe_unused]] const bool is_written =
      ::ftruncate(file.get(), 0) == 0 && ::pwrite(file.get(), text.data(), text.size(), 0) > 0;
}

// The text may be in the middle of being written.
std::string read_holder(io::FdRef file) {
  std::array<char, most_holder_bytes> text{};
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  const auto json = nlohmann::json::parse(
      std::string_view(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0), nullptr, false);
  if (!json.is_object() || !json.contains("host") || !json["host"].is_string() || !json.contains("pid") ||
      !json["pid"].is_number_integer())
    return "another mrf-run";
  return fmt::format("mrf-run with process id {} on host '{}'", json["pid"].get<long>(),
                     json["host"].get<std::string>());
}

}  // namespace

RunLock::RunLock(const Directory& directory) : path_(directory.lock_path()) {
  for (;;) {
    file_ = io::open_regular_file(path_, O_RDWR | O_CREAT);
    if (!lock_whole(file_, path_))
      throw base::Error(base::Status::failure, "use", directory.path(),
                        fmt::format("{} runs or joins its shards; when that has ended, the same command "
                                    "continues where it stopped",
                                    read_holder(file_)));
    // The process that had the lock before may have removed the file.
    if (io::has_name(file_, path_, true)) break;
  }
  write_holder(file_);
}

// In this order: who finds the lock free afterwards has a file with a name, or makes one.
RunLock::~RunLock() {
  if (io::has_name(file_, path_, true)) ::unlink(path_.c_str());
}

}  // namespace mrf::shard
