// SPDX-License-Identifier: MIT
#include "fetch/outputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"
#include "codec/crc.h"
#include "fetch/held_output.h"
#include "fetch/part_file.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

constexpr std::uint64_t most_at_once = 1 << 20;

}  // namespace

OrderedOutput::OrderedOutput(Reader reader, std::string name, std::size_t memory, Checks& checks,
                             std::string object, std::function<void()> drop)
    : reader_(std::move(reader)),
      drop_(std::move(drop)),
      name_(std::move(name)),
      memory_(memory),
      checks_(checks),
      object_(std::move(object)) {}

OrderedOutput::~OrderedOutput() { checks_.forget(); }

BytesThere OrderedOutput::begin(const http::ResponseHead& head, const http::ObjectVersion& version) {
  checks_.begin(head, version.total, object_, {*this, false, [] {}});
  if (checks_.reads_again() && !ring_) ring_.emplace(memory_);
  return {};
}

void OrderedOutput::take(std::uint64_t at, std::string_view bytes) {
  if (at != given_ || checks_.reads_again()) {
    if (!ring_) ring_.emplace(memory_);
    std::memcpy(ring_->at(at), bytes.data(), bytes.size());
  } else {
    reader_(bytes);
    given_ += bytes.size();
  }
  const std::uint64_t there = checks_.add(at, bytes);
  while (given_ < there) {
    const std::uint64_t size = std::min<std::uint64_t>(most_at_once, there - given_);
    reader_({ring_->at(given_), static_cast<std::size_t>(size)});
    given_ += size;
  }
}

void OrderedOutput::forget(base::Status status, const std::string& reason) {
  if (!can_forget())
    throw base::Error(status, "fetch", object_,
                      fmt::format("{} after {} bytes went to '{}'", reason, given_.load(), name_));
  if (given_.exchange(0) > 0) drop_();
  checks_.forget();
}

void OrderedOutput::finish() { checks_.verify(); }

std::string_view OrderedOutput::view(std::uint64_t at, std::span<char> scratch) {
  return {ring_->at(at), scratch.size()};
}

namespace {

// How often the record of an interrupted download is written: KILL or a loss of power costs no more than
// this, in bytes or in time.
constexpr std::uint64_t remember_step = 32 << 20;
constexpr std::chrono::seconds remember_every{2};
constexpr std::uint64_t least_reserved = 1 << 20;
constexpr std::uint64_t most_beside_others = 1 << 20;

}  // namespace

FileOutput::FileOutput(std::unique_ptr<WritableFile> file, Checks& checks, std::string object)
    : file_(std::move(file)),
      checks_(checks),
      object_(std::move(object)),
      remembered_at_(std::chrono::steady_clock::now()) {}

FileOutput::~FileOutput() {
  if (over_) return;
  try {
    if (begun_) file_->leave(known_parts());
  } catch (const base::Error&) {  // the failure that led here is the one that is reported
  }
  checks_.forget();
}

BytesThere FileOutput::begin(const http::ResponseHead& head, const http::ObjectVersion& version) {
  const std::lock_guard lock(parts_mutex_);
  found_.clear();
  checks_.begin(head, version.total, object_, {*this, true, [] {}});
  auto found = file_->found(version);
  written_end_ = found.parts.empty() ? 0 : found.parts.back().end;
  part_size_ = file_->part_size();
  parts_ = Coverage(&codec::join_crc32c, part_size_);
  begun_ = true;
  BytesThere there{{}, found.is_to_be_compared};
  for (const PartSum& part : found.parts) {
    if (!there.ranges.empty() && there.ranges.back().second == part.begin) {
      there.ranges.back().second = part.end;
    } else {
      there.ranges.emplace_back(part.begin, part.end);
    }
  }
  found_.assign(found.parts.rbegin(), found.parts.rend());
  if (version.total) reserve(*version.total);
  return there;
}

// Room that is reserved costs less to fill, and a disk that is too full is told of at once. A file system
// that does not know this is no error.
void FileOutput::reserve(std::uint64_t total) {
  if (total < least_reserved) return;
  if (::fallocate(file_->fd().get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(total)) == 0) return;
  if (errno == ENOSPC || errno == EDQUOT) throw base::SystemError("write", file_->name());
  if (errno == EFBIG)
    throw base::Error(base::Status::failure, "write", file_->name(),
                      fmt::format("{}: the server names a size of {} bytes", base::error_text(EFBIG), total));
}

// One part of what an earlier run left: when it is as it was written, the checks see it. Many gigabytes of
// parts take longer than a server waits.
WorkedOff FileOutput::work_off() {
  PartSum part;
  {
    const std::lock_guard lock(parts_mutex_);
    if (found_.empty()) return {};
    part = found_.back();
  }
  Checks::Run run{part.begin, part.begin};
  const bool is_good = is_as_written(part, run);
  if (is_good) {
    checks_.add(run);
  } else {
    base::warn(fmt::format(
        "{} bytes of what an earlier run left of '{}' are not as it wrote them, and are fetched again",
        part.end - part.begin, file_->name()));
  }
  const std::lock_guard lock(parts_mutex_);
  found_.pop_back();
  if (is_good) parts_.add(part.begin, part.end, part.crc);
  WorkedOff done{found_.empty()};
  if (!is_good) done.lost.emplace_back(part.begin, part.end);
  return done;
}

bool FileOutput::is_as_written(const PartSum& part, Checks::Run& run) {
  const bool is_the_checks = checks_.crc_is_crc32c();
  std::vector<char> buffer(std::min(most_at_once, part.end - part.begin));
  std::uint32_t crc = 0;
  while (run.end < part.end) {
    io::throw_if_interrupted();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), part.end - run.end));
    const std::uint64_t before = run.end - part.begin;
    const auto bytes = view(run.end, std::span(buffer).first(size));
    checks_.extend(run, bytes);
    if (is_the_checks) continue;
    const std::uint32_t more = codec::crc32c(bytes);
    crc = before == 0 ? more : codec::join_crc32c(crc, more, bytes.size());
  }
  return (is_the_checks ? run.crc : crc) == part.crc;
}

bool FileOutput::agrees(std::uint64_t at, std::string_view bytes) {
  std::vector<char> buffer(std::min<std::size_t>(most_at_once, bytes.size()));
  while (!bytes.empty()) {
    const auto there = view(at, std::span(buffer).first(std::min(buffer.size(), bytes.size())));
    if (!bytes.starts_with(there)) return false;
    at += there.size();
    bytes.remove_prefix(there.size());
  }
  return true;
}

// Notes bytes that are in the file.
void FileOutput::add(std::uint64_t at, std::string_view bytes) {
  Checks::Run run{at, at};
  checks_.extend(run, bytes);
  checks_.add(run);
  while (part_size_ != 0 && !bytes.empty()) {
    const std::uint64_t end = std::min(at + bytes.size(), (at / part_size_ + 1) * part_size_);
    const auto piece = bytes.substr(0, static_cast<std::size_t>(end - at));
    const bool is_the_checks = checks_.crc_is_crc32c() && at == run.begin && end == run.end;
    const std::uint32_t crc = is_the_checks ? run.crc : codec::crc32c(piece);
    const std::lock_guard lock(parts_mutex_);
    parts_.add(at, end, crc);
    at = end;
    bytes.remove_prefix(piece.size());
  }
}

void FileOutput::take(std::uint64_t at, std::string_view bytes) {
  require_written();
  io::write_all_at(file_->fd(), file_->name(), bytes, at);
  const std::uint64_t end = at + bytes.size();
  for (std::uint64_t known = written_end_; known < end && !written_end_.compare_exchange_weak(known, end);) {
  }
  add(at, bytes);
  since_remembered_ += bytes.size();
  if (!is_time_to_remember()) return;
  const std::unique_lock lock(remember_mutex_, std::try_to_lock);  // the others go on meanwhile
  if (lock && is_time_to_remember()) remember();
}

bool FileOutput::is_time_to_remember() {
  return since_remembered_ >= remember_step ||
         std::chrono::steady_clock::now() - remembered_at_.load() >= remember_every;
}

// Writes the record of what is in the file. A record that cannot be written, as on a full disk, ends nothing.
void FileOutput::remember() {
  // The disk begins to write here, so that fsync(2) waits less at the end. A refusal is no error.
  if (since_remembered_.exchange(0) >= remember_step)
    (void)::sync_file_range(file_->fd().get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  try {
    file_->remember(known_parts());
  } catch (const base::SystemError& error) {
    if (error.error_number() != ENOSPC && error.error_number() != EDQUOT) throw;
  }
  remembered_at_ = std::chrono::steady_clock::now();
}

// What is in the file, whether anybody has looked at it or not.
std::vector<PartSum> FileOutput::known_parts() {
  const std::lock_guard lock(parts_mutex_);
  std::vector<PartSum> parts(found_.rbegin(), found_.rend());
  for (const auto& [begin, run] : parts_.map()) parts.push_back({begin, run.end, run.crc});
  std::sort(parts.begin(), parts.end(),
            [](const PartSum& one, const PartSum& other) { return one.begin < other.begin; });
  return parts;
}

void FileOutput::forget(base::Status, const std::string&) {
  const std::lock_guard lock(parts_mutex_);
  found_.clear();
  parts_ = Coverage(&codec::join_crc32c, part_size_);
  written_end_ = 0;
  checks_.forget();
  file_->reset();
}

std::uint64_t FileOutput::size_of_file() const {
  struct stat info {};
  if (::fstat(file_->fd().get(), &info) != 0) throw base::SystemError("read", file_->name());
  return static_cast<std::uint64_t>(info.st_size);
}

// Throws when another program has shortened the file. The next bytes would make it as long as before, with
// zeros in place of data.
void FileOutput::require_written() const {
  const std::uint64_t written = written_end_;
  if (size_of_file() >= written) return;
  throw base::DataError("write", file_->name(), "another program cut off data that was written");
}

// Throws when the file is not as long as the data, since another program writes into it.
void FileOutput::require_size() const {
  const std::uint64_t size = size_of_file();
  if (size == checks_.bytes()) return;
  throw base::DataError(
      "write", file_->name(),
      fmt::format("it has {} bytes instead of {}: another program changed it", size, checks_.bytes()));
}

// Bytes that another program cut off, and that later ones left as a hole, have come all the same. A file
// system may keep zeros as a hole, so that a hole is only a reason to look.
void FileOutput::require_holes_of_zeros() {
  const auto hole = ::lseek(file_->fd().get(), 0, SEEK_HOLE);
  if (part_size_ == 0 || hole < 0 || static_cast<std::uint64_t>(hole) >= checks_.bytes()) return;
  for (const PartSum& part : known_parts()) {
    Checks::Run run{part.begin, part.begin};
    if (!is_as_written(part, run))
      throw base::DataError("write", file_->name(),
                            "its data is not what was written: another program changed it");
  }
}

void FileOutput::check() {
  // Verifying may take long. When it is interrupted, the next run finds all data.
  if (checks_.bytes() >= remember_step) remember();
  try {
    require_size();
    require_holes_of_zeros();
    checks_.verify();
  } catch (const base::DataError&) {
    file_->discard();
    over_ = true;
    throw;
  }
  checked_ = true;
}

// A larger file takes the disk so long that it gains nothing from being committed with others.
io::OutputFile* FileOutput::prepare() {
  io::OutputFile* file = checks_.bytes() > most_beside_others ? nullptr : file_->committed_with_others();
  if (file != nullptr) check();
  return file;
}

void FileOutput::finish() {
  if (!checked_) check();
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

namespace {

class NewFile final : public WritableFile {
 public:
  NewFile(io::OutputFile file, MadeDirectories& directories, bool is_one_of_many)
      : file_(std::move(file)), directories_(directories), is_one_of_many_(is_one_of_many) {}
  io::FdRef fd() const override { return file_.fd(); }
  const std::string& name() const override { return file_.name(); }
  void reset() override {
    if (::ftruncate(file_.fd().get(), 0) != 0) throw base::SystemError("write", name());
  }
  // Where the file had no name yet, another process may have removed its directory as one that it had made.
  void commit() override {
    directories_.make(io::directory_of(file_.name()));
    file_.commit();
  }
  io::OutputFile* committed_with_others() override {
    return is_one_of_many_ && file_.syncs_together() ? &file_ : nullptr;
  }

 private:
  io::OutputFile file_;
  MadeDirectories& directories_;
  const bool is_one_of_many_;
};

bool is_file_or_missing(const std::string& path) {
  struct stat info {};
  return path != "-" && (::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode));
}

}  // namespace

TargetOutput::TargetOutput(const http::Url& url, TargetOptions options)
    : url_(url), options_(std::move(options)), checks_(options_.checks) {
  if (options_.directories != nullptr && StoppablePipe::is_one(options_.path)) pipe_.emplace(options_.path);
}

// The FIFO of a list waits for its reader.
bool TargetOutput::may_wait() const { return pipe_.has_value(); }

BytesThere TargetOutput::begin(const http::ResponseHead& head, const http::ObjectVersion& version) {
  if (!output_) open(head, version);
  auto there = output_->begin(head, version);
  continued_ = 0;
  for (const auto& [begin, end] : there.ranges) continued_ += end - begin;
  if (continued_ > 0)
    base::note(
        fmt::format("'{}' is continued at {}", name_, base::readable_bytes(static_cast<double>(continued_))));
  return there;
}

WorkedOff TargetOutput::work_off() {
  auto done = output_->work_off();
  for (const auto& [begin, end] : done.lost) continued_ -= end - begin;
  return done;
}

Target TargetOutput::place(const http::ResponseHead& head) {
  if (options_.directories != nullptr) {
    interruptions_.emplace();
    if (options_.resume || pipe_) options_.directories->make(io::directory_of(options_.path));
    return {options_.path, false};
  }
  Target target = choose_target(options_.path, url_, head);
  if (is_file_or_missing(target.path)) interruptions_.emplace();
  if (options_.path.ends_with('/')) made_.make(options_.path);
  return target;
}

void TargetOutput::require_free(const Target& target) const {
  struct stat info {};
  if (!target.is_servers_choice || options_.overwrite || ::lstat(target.path.c_str(), &info) != 0) return;
  throw base::Error(base::Status::failure, "write", target.path,
                    "the server chose this name, and there is a file that has it; give PATH, or --overwrite");
}

void TargetOutput::open(const http::ResponseHead& head, const http::ObjectVersion& version) {
  const Target target = place(head);
  require_free(target);
  const std::string& path = target.path;
  if (options_.on_target) options_.on_target(path);
  if (pipe_) {
    open_pipe();
    return;
  }
  const bool is_file =
      options_.directories != nullptr || is_file_or_missing(path);  // pipe_ knows that of a list's
  if (!is_file) waits_.emplace();
  const bool keeps = target.is_servers_choice && !options_.overwrite;
  const auto existing = keeps ? io::OutputFile::Existing::kept : io::OutputFile::Existing::replaced;
  if (options_.resume && is_file) {
    name_ = path;
    output_ = std::make_unique<FileOutput>(std::make_unique<PartFile>(path, existing), checks_, url_.shown());
    return;
  }
  if (is_to_be_held(path, version)) {
    name_ = path;
    const auto open_it = [this, path, existing] { return open_file(path, existing); };
    output_ = std::make_unique<HeldOutput>(open_it, *options_.directories, checks_, url_.shown());
    return;
  }
  auto file = std::make_shared<io::OutputFile>(open_file(path, existing));
  name_ = file->name();
  if (!file->is_direct()) {
    auto& directories = options_.directories != nullptr ? *options_.directories : made_;
    output_ = std::make_unique<FileOutput>(
        std::make_unique<NewFile>(std::move(*file), directories, options_.directories != nullptr), checks_,
        url_.shown());
    return;
  }
  direct_ = file;
  io::enlarge_pipe(file->fd(), io::most_pipe_bytes);
  const auto write = [this, file](std::string_view bytes) {
    io::write_all(file->fd(), name_, bytes, meter_);
  };
  output_ = std::make_unique<OrderedOutput>(write, name_, options_.buffer, checks_, url_.shown());
}

// A small file of a list, in a file system where files are committed together.
bool TargetOutput::is_to_be_held(const std::string& path, const http::ObjectVersion& version) const {
  return options_.directories != nullptr && version.total.value_or(unknown_end) <= HeldOutput::most_bytes &&
         options_.directories->is_synced_together(io::directory_of(path));
}

// Another version may be too large to be held.
void TargetOutput::forget(base::Status status, const std::string& reason) {
  output_->forget(status, reason);
  if (output_->is_held()) output_.reset();
}

// Most files of a list are in a directory that is there.
io::OutputFile TargetOutput::open_file(const std::string& path, io::OutputFile::Existing existing) {
  if (options_.directories != nullptr) {
    try {
      return io::OutputFile(path, existing);
    } catch (const base::SystemError& error) {
      if (error.error_number() != ENOENT && error.error_number() != ENOTDIR) throw;
    }
    options_.directories->make(io::directory_of(path));
  }
  return io::OutputFile(path, existing);
}

void TargetOutput::open_pipe() {
  name_ = pipe_->name();
  pipe_->open();
  const auto write = [this](std::string_view bytes) { pipe_->write(bytes, meter_); };
  output_ = std::make_unique<OrderedOutput>(write, name_, options_.buffer, checks_, url_.shown());
}

void TargetOutput::stop() {
  if (pipe_) pipe_->stop();
}

void TargetOutput::take(std::uint64_t at, std::string_view bytes) { output_->take(at, bytes); }

void TargetOutput::finish() {
  output_->finish();
  if (direct_) direct_->commit();
  if (pipe_) pipe_->close();
}

io::Meter TargetOutput::meter() const { return {checks_.bytes(), meter_.waited}; }

}  // namespace mrf::fetch
