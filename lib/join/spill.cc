// SPDX-License-Identifier: MIT
#include "join/spill.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "sys/error.h"

namespace mrf {

namespace {

std::string temporary_directory() {
  const char* directory = std::getenv("TMPDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/tmp";
}

}  // namespace

void SpillFile::open() {
  const std::string directory = temporary_directory();
  name_ = fmt::format("temporary file in {}", directory);
  int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    std::string path = fmt::format("{}/mrf-collect.XXXXXX", directory);
    fd = ::mkostemp(path.data(), O_CLOEXEC);
    if (fd >= 0 && ::unlink(path.c_str()) != 0) throw SystemError("remove", path);
  }
  if (fd < 0) throw SystemError("make", name_);
  fd_ = Fd(adopt_fd, fd);
}

std::uint64_t SpillFile::find_room(std::size_t slots) {
  if (slots == 1 && !free_.empty()) {
    const std::uint64_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  end_ += slots;
  return end_ - slots;
}

Extent SpillFile::store(std::string_view bytes) {
  if (!fd_.is_open()) open();
  const Extent extent{find_room(slots_of(bytes.size())), bytes.size()};
  auto offset = static_cast<off_t>(extent.slot * slot_size_);
  stored_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw SystemError("write", name_);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += n;
  }
  return extent;
}

void SpillFile::load(const Extent& extent, char* to) const {
  auto offset = static_cast<off_t>(extent.slot * slot_size_);
  std::size_t rest = extent.size;
  while (rest > 0) {
    const ssize_t n = ::pread(fd_.get(), to, rest, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw SystemError("read", name_);
    if (n == 0) throw SystemError("read", name_, EIO);
    to += n;
    offset += n;
    rest -= static_cast<std::size_t>(n);
  }
}

void SpillFile::release(const Extent& extent) {
  for (std::size_t i = slots_of(extent.size); i > 0; --i) free_.push_back(extent.slot + i - 1);
  if (free_.size() < end_) return;
  free_.clear();
  end_ = 0;
  // Only gives the space back early: a failure costs nothing.
  (void)!::ftruncate(fd_.get(), 0);
}

}  // namespace mrf
