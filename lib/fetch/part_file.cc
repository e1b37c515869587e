// SPDX-License-Identifier: MIT
#include "fetch/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"
#include "io/paths.h"

namespace mrf::fetch {

namespace {

using OrderedJson = nlohmann::ordered_json;

bool is_run(const OrderedJson& run) {
  return run.is_array() && run.size() == 2 && run[0].is_number_unsigned() && run[1].is_number_unsigned();
}

}  // namespace

std::string record_text(const http::ObjectVersion& version, const std::vector<ByteRange>& runs) {
  OrderedJson done = OrderedJson::array();
  for (const auto& [begin, end] : runs) done.push_back({begin, end});
  const OrderedJson record{
      {"etag", version.etag.value()}, {"size", version.total.value()}, {"done", std::move(done)}};
  return record.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::vector<ByteRange> runs_of_record(const std::string& text, const http::ObjectVersion& version,
                                      std::uint64_t there) {
  const OrderedJson record = OrderedJson::parse(text, nullptr, false);
  if (record.is_discarded() || !version.etag || !version.total) return {};
  try {
    if (record.at("etag") != *version.etag || record.at("size") != *version.total) return {};
    std::vector<ByteRange> runs;
    std::uint64_t least = 0;
    for (const auto& run : record.at("done")) {
      if (!is_run(run)) return {};
      const auto range = run.get<ByteRange>();
      const bool in_place = least <= range.first && range.first < range.second;
      if (!in_place || range.second > std::min(there, *version.total)) return {};
      least = range.second;
      runs.push_back(range);
    }
    return runs;
  } catch (const OrderedJson::exception&) {
    return {};
  }
}

namespace {

// What is given up of the data when there is no room on the disk for a record of it.
constexpr std::uint64_t given_up = 1 << 20;

struct stat status_of(io::FdRef fd, const std::string& name) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw base::SystemError("read", name);
  return info;
}

// Another process may have given the file its name while this one waited for the lock.
bool is_named(io::FdRef fd, const std::string& path) {
  struct stat named {};
  const auto open = status_of(fd, path);
  return ::lstat(path.c_str(), &named) == 0 && io::FileId(named) == io::FileId(open);
}

// Through a symbolic link the data would go to a file of another name.
void require_file_or_nothing(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) throw base::SystemError("open", path);
  } else if (!S_ISREG(info.st_mode)) {
    throw base::Error(base::Status::failure, "open", path, "it is no regular file");
  }
}

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw base::SystemError("remove", path);
}

void truncate_to(io::FdRef fd, std::uint64_t size, const std::string& name) {
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) throw base::SystemError("write", name);
}

// The new name is on the disk, too. A directory that cannot be synced is no error.
void sync_directory_of(const std::string& path) {
  const int fd = ::open(io::directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  const io::Fd directory(io::adopt_fd, fd);
  (void)::fsync(fd);
}

}  // namespace

std::array<std::string, 2> part_names(const std::string& place) {
  return {place + ".getm-part", place + ".getm-part.json"};
}

PartFile::PartFile(std::string target, io::OutputFile::Existing existing)
    : target_(std::move(target)),
      existing_(existing),
      place_(existing == io::OutputFile::Existing::kept ? target_ : io::follow_link(target_)),
      part_(part_names(place_)[0]),
      record_(part_names(place_)[1]) {
  open();
  require_file_or_nothing(record_);
}

// False where the file system has no locks (Lustre and NFS may be mounted so).
bool PartFile::lock(const std::string& path) const {
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK)
    throw base::Error(base::Status::failure, "open", path, "another process is writing it");
  if (errno != ENOSYS && errno != ENOLCK && errno != EOPNOTSUPP && errno != EINVAL)
    throw base::SystemError("open", path);
  base::note(
      fmt::format("cannot lock '{}': the file system has no locks; run one download of it at a time", path));
  return false;
}

void PartFile::open() {
  do {
    require_file_or_nothing(part_);
    fd_ = io::open_file(part_, O_RDWR | O_CREAT | O_NOFOLLOW);
    is_locked_ = lock(part_);
  } while (!is_named(fd_, part_));
}

std::vector<ByteRange> PartFile::found(const http::ObjectVersion& version) {
  version_ = version;
  auto runs = read_record();
  if (runs.empty()) {
    struct stat info {};
    const bool is_new = status_of(fd_, part_).st_size == 0 && ::lstat(record_.c_str(), &info) != 0;
    if (existing_ == io::OutputFile::Existing::kept && !is_new)
      throw base::Error(base::Status::failure, "write", part_,
                        "another download left it; give PATH, or --overwrite");
    reset();
  } else if (static_cast<std::uint64_t>(status_of(fd_, part_).st_size) > *version_.total) {
    truncate_to(fd_, *version_.total, part_);
  }
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
  if (::fdatasync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS)
    throw base::SystemError("write", part_);
  io::OutputFile file(record_);
  io::Meter meter;
  io::write_all(file.fd(), file.name(), record_text(version_, runs), meter);
  file.commit();
}

// Data that no record speaks of is of no use to anybody.
void PartFile::leave(const std::vector<ByteRange>& runs) {
  if (!runs.empty() && (!version_.etag || !version_.total))
    base::warn(fmt::format("nothing is kept of '{}' for the next run: the server sends no {}", target_,
                           version_.etag ? "size" : "strong ETag"));
  if (runs.empty() || !version_.etag || !version_.total) {
    discard();
    return;
  }
  try {
    remember(runs);
    return;
  } catch (const base::SystemError& error) {
    if (error.error_number() != ENOSPC && error.error_number() != EDQUOT) throw;
  }
  struct stat info {};
  if (::lstat(record_.c_str(), &info) == 0) return;  // an earlier one is right, too
  auto fewer = runs;
  auto& [begin, end] = fewer.back();
  end = std::max(begin, end - std::min(end, given_up));
  truncate_to(fd_, end, part_);
  if (begin == end) fewer.pop_back();
  if (fewer.empty()) {
    discard();
  } else {
    remember(fewer);
  }
}

void PartFile::reset() {
  remove_file(record_);
  if (is_locked_) {
    truncate_to(fd_, 0, part_);
    return;
  }
  if (is_named(fd_, part_)) remove_file(part_);
  fd_ = io::open_file(part_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
}

void PartFile::discard() {
  if (!is_named(fd_, part_)) return;
  remove_file(record_);
  remove_file(part_);
}

// rename(2) replaces what has the name, renameat2(2) does so only when asked to; where the file system does
// not know that, link(2) fails for a name that is taken.
void PartFile::give_name() {
  if (existing_ == io::OutputFile::Existing::replaced) {
    if (::rename(part_.c_str(), place_.c_str()) != 0) throw base::SystemError("write", target_);
    return;
  }
  if (::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, place_.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) throw base::SystemError("write", target_);
  if (::link(part_.c_str(), place_.c_str()) != 0) throw base::SystemError("write", target_);
  remove_file(part_);
}

void PartFile::commit() {
  io::sync_file(fd_, target_);
  if (!is_named(fd_, part_))
    throw base::Error(base::Status::failure, "write", target_,
                      fmt::format("'{}' was replaced meanwhile", part_));
  give_name();
  sync_directory_of(place_);
  remove_file(record_);
  if (const int error = fd_.close(); error != 0) throw base::SystemError("write", target_, error);
}

}  // namespace mrf::fetch
