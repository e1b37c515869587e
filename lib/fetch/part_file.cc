// SPDX-License-Identifier: MIT
#include "fetch/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

#include "fetch/part_record.h"
#include "sys/error.h"
#include "sys/io.h"
#include "sys/output_file.h"

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
  return ::stat(path.c_str(), &named) == 0 && named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

Fd open_locked(const std::string& path) {
  for (;;) {
    Fd fd = open_file(path, O_RDWR | O_CREAT);
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

PartFile::PartFile(std::string target)
    : target_(std::move(target)),
      place_(follow_link(target_)),
      part_(place_ + ".getm-part"),
      record_(part_ + ".json"),
      fd_(open_locked(part_)) {}

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
  remove_file(record_);
  remove_file(part_);
}

void PartFile::commit() {
  sync_file(fd_, target_);
  if (::rename(part_.c_str(), place_.c_str()) != 0) throw SystemError("write", target_);
  remove_file(record_);
  if (const int error = fd_.close(); error != 0) throw SystemError("write", target_, error);
}

}  // namespace mrf
