// SPDX-License-Identifier: MIT
#include "fetch/file_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"

namespace mrf {

namespace {

constexpr std::uint64_t remember_step = 32 << 20;
constexpr std::uint64_t least_reserved = 1 << 20;

}  // namespace

FileOutput::FileOutput(std::unique_ptr<WritableFile> file, Checks& checks, std::string object)
    : file_(std::move(file)), checks_(checks), object_(std::move(object)) {}

FileOutput::~FileOutput() {
  if (over_) return;
  try {
    file_->remember(checks_.runs());
  } catch (const Error&) {  // the failure that led here is the one to tell
  }
  checks_.forget();
}

std::vector<ByteRange> FileOutput::begin(const ResponseHead& head, const ObjectVersion& version) {
  checks_.begin(head, version.total, object_, {*this, true, [] {}});
  auto found = file_->found(version);
  if (version.total) reserve(*version.total);
  add_found(found);
  return found;
}

// Room that is reserved costs less to fill, and a disk that is too full is told of at once. A file system
// that does not know this is no error.
void FileOutput::reserve(std::uint64_t total) {
  if (total < least_reserved) return;
  if (::fallocate(file_->fd().get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(total)) == 0) return;
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) throw SystemError("write", file_->name());
}

void FileOutput::add_found(const std::vector<ByteRange>& runs) {
  if (runs.empty()) return;
  std::vector<char> buffer(1 << 20);
  for (const auto& [begin, end] : runs) {
    for (std::uint64_t at = begin; at < end;) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
      const auto bytes = view(at, std::span(buffer).first(size));
      checks_.add(at, bytes);
      at += bytes.size();
    }
  }
}

void FileOutput::take(std::uint64_t at, std::string_view bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n =
        ::pwrite(file_->fd().get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno != EINTR) throw SystemError("write", file_->name());
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  checks_.add(at, bytes);
  since_remembered_ += bytes.size();
  if (since_remembered_ < remember_step) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);  // the others go on meanwhile
  if (!lock || since_remembered_.exchange(0) < remember_step) return;
  // The disk begins now, so that fsync(2) has less to wait for at the end. A refusal is no error.
  (void)::sync_file_range(file_->fd().get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  file_->remember(checks_.runs());
}

void FileOutput::forget(Status, const std::string&) {
  checks_.forget();
  if (::ftruncate(file_->fd().get(), 0) != 0) throw SystemError("write", file_->name());
  file_->remember({});
}

void FileOutput::finish() {
  try {
    checks_.verify();
  } catch (const DataError&) {
    file_->discard();
    over_ = true;
    throw;
  }
  file_->commit();
  over_ = true;
}

std::string_view FileOutput::view(std::uint64_t at, std::span<char> scratch) {
  for (;;) {
    const ssize_t n = ::pread(file_->fd().get(), scratch.data(), scratch.size(), static_cast<off_t>(at));
    if (n > 0) return {scratch.data(), static_cast<std::size_t>(n)};
    if (n == 0) throw Error(Status::failure, "read", file_->name(), "the file became shorter");
    if (errno != EINTR) throw SystemError("read", file_->name());
  }
}

}  // namespace mrf
