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
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"
#include "io/paths.h"

namespace mrf::fetch {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::string_view part_suffix = ".getm-part";
constexpr int record_format = 1;
// More is no record.
constexpr std::uint64_t most_record_bytes = 64 << 20;
// The parts of an object are at least of that size, and about so many at most.
constexpr std::uint64_t least_part = 8 << 20;
constexpr std::uint64_t most_recorded_parts = 4096;

OrderedJson text_or_null(const std::optional<std::string>& text) {
  return text ? OrderedJson(*text) : OrderedJson(nullptr);
}

http::ObjectVersion version_of_record(const OrderedJson& record) {
  http::ObjectVersion version;
  const auto& etag = record.at("etag");
  const auto& time = record.at("last_modified");
  if (!etag.is_null()) {
    const auto tag = etag.get<std::string>();
    (tag.starts_with("W/") || tag.starts_with("w/") ? version.weak_etag : version.etag) = tag;
  }
  if (!time.is_null()) version.last_modified = time.get<std::string>();
  version.total = record.at("size").get<std::uint64_t>();
  return version;
}

// Nothing when it is none.
std::optional<PartSum> part_of_record(const OrderedJson& part) {
  const bool is_one = part.is_array() && part.size() == 3 && part[0].is_number_unsigned() &&
                      part[1].is_number_unsigned() && part[2].is_string();
  if (!is_one) return std::nullopt;
  const auto& digits = part[2].get_ref<const std::string&>();
  PartSum sum{part[0], part[1], 0};
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), sum.crc, 16);
  if (digits.size() != 8 || end.ec != std::errc{} || end.ptr != digits.data() + digits.size())
    return std::nullopt;
  return sum;
}

}  // namespace

std::string record_text(const http::ObjectVersion& version, const std::vector<PartSum>& parts) {
  OrderedJson done = OrderedJson::array();
  for (const PartSum& part : parts) done.push_back({part.begin, part.end, fmt::format("{:08x}", part.crc)});
  const OrderedJson record{{"format", record_format},
                           {"etag", text_or_null(version.etag ? version.etag : version.weak_etag)},
                           {"last_modified", text_or_null(version.last_modified)},
                           {"size", version.total.value()},
                           {"done", std::move(done)}};
  return record.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

WritableFile::Found parts_of_record(const std::string& text, const http::ObjectVersion& version,
                                    std::uint64_t there) {
  const OrderedJson record = OrderedJson::parse(text, nullptr, false);
  if (record.is_discarded()) return {};
  try {
    if (record.at("format") != record_format) return {};
    const auto recorded = version_of_record(record);
    const bool is_the_same = version.etag && version.etag == recorded.etag && version.total == recorded.total;
    if (!is_the_same && !http::maybe_equal(recorded, version)) return {{}, false, true};
    WritableFile::Found found{{}, !is_the_same};
    std::uint64_t least = 0;
    for (const auto& any : record.at("done")) {
      const auto part = part_of_record(any);
      const bool is_in_place = part && least <= part->begin && part->begin < part->end;
      if (!is_in_place || part->end > std::min(there, *version.total)) return {};
      least = part->end;
      found.parts.push_back(*part);
    }
    return found;
  } catch (const OrderedJson::exception&) {
    return {};
  }
}

namespace {

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

std::string record_in(const std::string& path) {
  const io::Fd file = io::open_file(path, O_RDONLY | O_NOFOLLOW);
  std::string text;
  io::Meter meter;
  std::vector<char> buffer(64 << 10);
  while (const std::size_t n = io::read_some(file, path, buffer, meter)) text.append(buffer.data(), n);
  return text;
}

// Whether it may have been a record once: it begins like one, as far as it goes.
bool begins_as_record(std::string_view text) {
  constexpr std::string_view begin = R"({"format":)";
  return begin.starts_with(text.substr(0, begin.size()));
}

bool is_record(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (static_cast<std::uint64_t>(info.st_size) > most_record_bytes) return false;
  const OrderedJson record = OrderedJson::parse(record_in(path), nullptr, false);
  return record.is_object() && record.value("format", OrderedJson()) == record_format &&
         record.contains("size") && record.contains("done");
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
  return {place + std::string(part_suffix), place + std::string(part_suffix) + ".json"};
}

bool LeftParts::may_be_of(const std::string& target, bool may_be_link) {
  const std::string part = part_names(may_be_link ? io::follow_link(target) : target)[0];
  const Directory& directory = read(io::directory_of(part));
  return !directory.is_read || directory.parts.contains(io::base_of(part));
}

const LeftParts::Directory& LeftParts::read(const std::string& directory) {
  const auto [known, is_new] = directories_.try_emplace(directory);
  if (!is_new) return known->second;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (std::size_t names = 0; !error && entry != std::filesystem::directory_iterator(); ++names) {
    if (names == most_) return known->second;
    if (std::string name = entry->path().filename(); name.ends_with(part_suffix))
      known->second.parts.insert(std::move(name));
    entry.increment(error);
  }
  known->second.is_read = !error;
  return known->second;
}

void remove_part_of(const std::string& target) {
  const auto [part, record] = part_names(io::follow_link(target));
  try {
    struct stat info {};
    if (::lstat(part.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || !is_record(record)) return;
    const io::Fd fd = io::open_file(part, O_RDWR | O_NOFOLLOW);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || !is_named(fd, part)) {
      base::note(fmt::format("'{}' stays: another process may be writing it", part));
      return;
    }
    remove_file(record);
    remove_file(part);
    base::note(fmt::format("removed '{}', which an interrupted run left", part));
  } catch (const base::Error& error) {
    base::warn(error.what());
  }
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

// What cannot be removed stays: it harms nobody.
PartFile::~PartFile() {
  struct stat info {};
  if (!fd_.is_open() || ::fstat(fd_.get(), &info) != 0 || info.st_size > 0) return;
  struct stat named {};
  if (::lstat(part_.c_str(), &named) != 0 || io::FileId(named) != io::FileId(info)) return;
  if (::lstat(record_.c_str(), &named) != 0 && errno == ENOENT) (void)::unlink(part_.c_str());
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

WritableFile::Found PartFile::found(const http::ObjectVersion& version) {
  version_ = version;
  auto found = read_record();
  if (found.parts.empty()) {
    struct stat info {};
    const bool has_record = ::lstat(record_.c_str(), &info) == 0;
    const bool is_new = status_of(fd_, part_).st_size == 0 && !has_record;
    if (existing_ == io::OutputFile::Existing::kept && !is_new)
      throw base::Error(base::Status::failure, "write", part_,
                        "another download left it; give PATH, or --overwrite");
    const bool is_too_long = has_record && static_cast<std::uint64_t>(info.st_size) > most_record_bytes;
    if (is_too_long || (has_record && !begins_as_record(record_in(record_))))
      throw base::Error(base::Status::failure, "write", part_,
                        fmt::format("'{}' is no record of an interrupted download; give the two files other "
                                    "names, or remove them",
                                    record_));
    if (!is_new && !has_record) {
      base::warn(
          fmt::format("'{}' is fetched from the beginning: no record says what '{}' has of it, which is "
                      "replaced",
                      target_, part_));
    } else if (!is_new) {
      base::note(fmt::format("'{}' is fetched from the beginning: {}", target_,
                             found.is_of_another_version
                                 ? fmt::format("'{}' is of another version than the server has", part_)
                                 : fmt::format("no valid record says what '{}' has of it", part_)));
    }
    reset();
  } else if (static_cast<std::uint64_t>(status_of(fd_, part_).st_size) > *version_.total) {
    truncate_to(fd_, *version_.total, part_);
  }
  return found;
}

bool PartFile::can_be_kept() const {
  return version_.total && (version_.etag || version_.weak_etag || version_.last_modified);
}

std::uint64_t PartFile::part_size() const {
  if (!can_be_kept()) return 0;
  constexpr std::uint64_t megabyte = 1 << 20;
  return std::max(least_part, (*version_.total / most_recorded_parts / megabyte + 1) * megabyte);
}

WritableFile::Found PartFile::read_record() const {
  struct stat info {};
  if (!can_be_kept() || ::lstat(record_.c_str(), &info) != 0) return {};
  if (static_cast<std::uint64_t>(info.st_size) > most_record_bytes) return {};
  return parts_of_record(record_in(record_), version_,
                         static_cast<std::uint64_t>(status_of(fd_, part_).st_size));
}

void PartFile::remember(const std::vector<PartSum>& parts) {
  if (!can_be_kept()) return;
  if (::fdatasync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS)
    throw base::SystemError("write", part_);
  io::OutputFile file(record_);
  io::Meter meter;
  io::write_all(file.fd(), file.name(), record_text(version_, parts), meter);
  file.commit();
}

// Data that no record speaks of is of no use to anybody.
void PartFile::leave(const std::vector<PartSum>& parts) {
  if (!can_be_kept() && status_of(fd_, part_).st_size > 0)
    base::warn(fmt::format("nothing is kept of '{}' for the next run: the server sends no {}", target_,
                           version_.total ? "ETag and no Last-Modified" : "size"));
  if (parts.empty()) {
    discard();
    return;
  }
  if (remember_if_there_is_room(parts)) return;
  // What is reserved behind the end of the file is given back with that (ftruncate(2), fallocate(2)).
  truncate_to(fd_, static_cast<std::uint64_t>(status_of(fd_, part_).st_size), part_);
  if (remember_if_there_is_room(parts)) return;
  struct stat info {};
  if (::lstat(record_.c_str(), &info) == 0) return;  // an earlier one is right, too
  auto fewer = parts;                                // their CRCs are those of whole parts
  fewer.pop_back();
  truncate_to(fd_, fewer.empty() ? 0 : fewer.back().end, part_);
  if (!fewer.empty() && remember_if_there_is_room(fewer)) return;
  discard();
  base::warn(fmt::format(
      "nothing is kept of '{}' for the next run: the disk has no room for the record of it", target_));
}

bool PartFile::remember_if_there_is_room(const std::vector<PartSum>& parts) try {
  remember(parts);
  return true;
} catch (const base::SystemError& error) {
  if (error.error_number() != ENOSPC && error.error_number() != EDQUOT) throw;
  return false;
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
                      fmt::format("'{}' was removed or replaced meanwhile", part_));
  give_name();
  sync_directory_of(place_);
  remove_file(record_);
  if (const int error = fd_.close(); error != 0) throw base::SystemError("write", target_, error);
}

}  // namespace mrf::fetch
