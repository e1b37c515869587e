// SPDX-License-Identifier: MIT
#include "fetch/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "fetch/part_record.h"
#include "io/io.h"
#include "io/output_file.h"

namespace mrf {

namespace {

struct stat status_of(FdRef fd, const std::string& name) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw SystemError("read", name);
  return info;
}

// Another process may have given the file its name while this one waited for the lock.
bool is_named(FdRef fd, const std::string& path) {
  struct stat named {};
  const auto open = status_of(fd, path);
  return ::lstat(path.c_str(), &named) == 0 && named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

// Through a symbolic link the data would go to a file of another name.
void require_file_or_nothing(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) throw SystemError("open", path);
  } else if (!S_ISREG(info.st_mode)) {
    throw Error(Status::failure, "open", path, "it is no regular file");
  }
}

Fd open_locked(const std::string& path) {
  for (;;) {
    require_file_or_nothing(path);
    Fd fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) throw SystemError("open", path);
      throw Error(Status::failure, "open", path, "another process is writing it");
    }
    if (is_named(fd, path)) return fd;
  }
}

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw SystemError("remove", path);
}

}  // namespace

std::array<std::string, 2> part_names(const std::string& place) {
  return {place + ".getm-part", place + ".getm-part.json"};
}

PartFile::PartFile(std::string target)
    : target_(std::move(target)),
      place_(follow_link(target_)),
      part_(part_names(place_)[0]),
      record_(part_names(place_)[1]),
      fd_(open_locked(part_)) {
  require_file_or_nothing(record_);
}

std::vector<ByteRange> PartFile::found(const ObjectVersion& version) {
  version_ = version;
  auto runs = read_record();
  if (runs.empty() && ::ftruncate(fd_.get(), 0) != 0) throw SystemError("write", part_);
  return runs;
}

std::vector<ByteRange> PartFile::read_record() const {
  if (!version_.etag || !version_.total) return {};
  std::ifstream file(record_);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return runs_of_record(text, version_, static_cast<std::uint64_t>(status_of(fd_, part_).st_size));
}

void PartFile::remember(const std::vector<ByteRange>& runs) {
  if (!version_.etag || !version_.total) return;
  if (::fdatasync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS) throw SystemError("write", part_);
  OutputFile file(record_);
  Meter meter;
  write_all(file.fd(), file.name(), record_text(version_, runs), meter);
  file.commit();
}

void PartFile::discard() {
  if (!is_named(fd_, part_)) return;
  remove_file(record_);
  remove_file(part_);
}

void PartFile::commit() {
  sync_file(fd_, target_);
  if (!is_named(fd_, part_))
    throw Error(Status::failure, "write", target_, fmt::format("'{}' was replaced meanwhile", part_));
  if (::rename(part_.c_str(), place_.c_str()) != 0) throw SystemError("write", target_);
  remove_file(record_);
  if (const int error = fd_.close(); error != 0) throw SystemError("write", target_, error);
}

}  // namespace mrf
