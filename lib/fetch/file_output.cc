// SPDX-License-Identifier: MIT
#include "fetch/file_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

// How much of a download KILL or a loss of power may cost, in bytes or in time.
constexpr std::uint64_t remember_step = 32 << 20;
constexpr std::chrono::seconds remember_every{2};
constexpr std::uint64_t least_reserved = 1 << 20;
// What an earlier run left is read in such steps at a time.
constexpr std::size_t work_off_step = 4 << 20;

}  // namespace

FileOutput::FileOutput(std::unique_ptr<WritableFile> file, Checks& checks, std::string object)
    : file_(std::move(file)),
      checks_(checks),
      object_(std::move(object)),
      remembered_at_(std::chrono::steady_clock::now()) {}

FileOutput::~FileOutput() {
  if (over_) return;
  try {
    if (begun_) file_->leave(known_runs());
  } catch (const base::Error&) {  // the failure that led here is the one to tell
  }
  checks_.forget();
}

std::vector<ByteRange> FileOutput::begin(const http::ResponseHead& head, const http::ObjectVersion& version) {
  const std::lock_guard lock(found_mutex_);
  found_.clear();
  checks_.begin(head, version.total, object_, {*this, true, [] {}});
  auto found = file_->found(version);
  begun_ = true;
  found_.assign(found.rbegin(), found.rend());
  if (version.total) reserve(*version.total);
  return found;
}

// Room that is reserved costs less to fill, and a disk that is too full is told of at once. A file system
// that does not know this is no error.
void FileOutput::reserve(std::uint64_t total) {
  if (total < least_reserved) return;
  if (::fallocate(file_->fd().get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(total)) == 0) return;
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) throw base::SystemError("write", file_->name());
}

// The checks see what an earlier run left. Many gigabytes of it take longer than a server waits.
bool FileOutput::work_off() {
  const std::lock_guard lock(found_mutex_);
  if (found_.empty()) return false;
  std::vector<char> buffer(std::min<std::uint64_t>(1 << 20, found_.back().second - found_.back().first));
  for (std::size_t done = 0; done < work_off_step && !found_.empty();) {
    auto& [at, end] = found_.back();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
    const auto bytes = view(at, std::span(buffer).first(size));
    checks_.add(at, bytes);
    at += bytes.size();
    done += bytes.size();
    if (at == end) found_.pop_back();
  }
  return !found_.empty();
}

void FileOutput::take(std::uint64_t at, std::string_view bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n =
        ::pwrite(file_->fd().get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno != EINTR) throw base::SystemError("write", file_->name());
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  checks_.add(at, bytes);
  since_remembered_ += bytes.size();
  if (!is_time_to_remember()) return;
  const std::unique_lock lock(remember_mutex_, std::try_to_lock);  // the others go on meanwhile
  if (lock && is_time_to_remember()) remember();
}

bool FileOutput::is_time_to_remember() {
  return since_remembered_ >= remember_step ||
         std::chrono::steady_clock::now() - remembered_at_.load() >= remember_every;
}

// A record that does not find room is no reason to stop: the data may find it.
void FileOutput::remember() {
  // The disk begins now, so that fsync(2) has less to wait for at the end. A refusal is no error.
  if (since_remembered_.exchange(0) >= remember_step)
    (void)::sync_file_range(file_->fd().get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  try {
    file_->remember(known_runs());
  } catch (const base::SystemError& error) {
    if (error.error_number() != ENOSPC && error.error_number() != EDQUOT) throw;
  }
  remembered_at_ = std::chrono::steady_clock::now();
}

// What is in the file, whether the checks have seen it or not.
std::vector<ByteRange> FileOutput::known_runs() {
  const std::lock_guard lock(found_mutex_);
  Coverage known;
  for (const auto& [begin, end] : checks_.runs()) known.add(begin, end);
  for (const auto& [begin, end] : found_) known.add(begin, end);
  return known.runs();
}

void FileOutput::forget(base::Status, const std::string&) {
  const std::lock_guard lock(found_mutex_);
  found_.clear();
  checks_.forget();
  file_->reset();
}

// Another program that writes into the file is found out here, if not by a checksum.
void FileOutput::require_size() {
  struct stat info {};
  if (::fstat(file_->fd().get(), &info) != 0) throw base::SystemError("read", file_->name());
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size == checks_.bytes()) return;
  throw base::DataError(
      "write", file_->name(),
      fmt::format("it has {} bytes instead of {}: another program changed it", size, checks_.bytes()));
}

void FileOutput::finish() {
  while (work_off()) io::throw_if_interrupted();
  // Verifying may take long: whoever ends it finds everything there in the next run.
  if (checks_.bytes() >= remember_step) remember();
  try {
    require_size();
    checks_.verify();
  } catch (const base::DataError&) {
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
    if (n == 0) throw base::Error(base::Status::failure, "read", file_->name(), "the file became shorter");
    if (errno != EINTR) throw base::SystemError("read", file_->name());
  }
}

}  // namespace mrf::fetch
