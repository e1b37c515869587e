// SPDX-License-Identifier: MIT
#include "collect/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/message.h"
#include "codec/data_format.h"
#include "io/fd.h"
#include "io/reader.h"

namespace mrf::collect {

namespace {

constexpr std::size_t compressed_capacity = std::size_t{16} << 10;

short events_of(io::FdRef fd) {
  pollfd polled{fd.get(), POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0 ? polled.revents : short{0};
}

constexpr std::size_t least_read = 16384;

}  // namespace

InputStream::InputStream(const std::string& path, bool inflates)
    : name_(path == "-" ? io::stdin_name : path), is_shared_(path == "-"), inflates_(inflates) {
  // O_NONBLOCK belongs to the open file, which standard input shares with other processes.
  fd_ = is_shared_ ? io::duplicate_standard_input() : open_again();
  look();
}

// What was opened.
void InputStream::look() {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw base::SystemError("open", name_);
  if (S_ISDIR(info.st_mode)) throw base::SystemError("open", name_, EISDIR);
  is_file_ = may_read_ = S_ISREG(info.st_mode);
  if (is_file_) size_ = info.st_size;
  if (is_file_ || S_ISFIFO(info.st_mode)) id_ = io::FileId(info);
}

io::Fd InputStream::open_again() const { return io::open_file(name_, O_RDONLY | O_NONBLOCK | O_NOCTTY); }

bool InputStream::is_same(io::FdRef other) const {
  struct stat info {};
  return ::fstat(other.get(), &info) == 0 && id_ == io::FileId(info);
}

// Opened before the old one is closed, so that a writer that comes in between has a reader. If that writer
// is gone already, the new one would never show the end (Linux fs/pipe.c, pipe_poll), the old one does.
void InputStream::reopen() {
  io::Fd next = open_again();
  const bool came_and_went = !is_file_ && (events_of(next) & POLLIN) != 0 && (events_of(fd_) & POLLHUP) != 0;
  if (!came_and_went) fd_ = std::move(next);
  if (is_file_) look();
  may_read_ = is_file_;
  is_ready_ = false;
  is_sniffed_ = has_half_magic_ = false;
  decoder_.reset();
  compressed_.reset();
}

std::optional<std::size_t> InputStream::read_stored(std::span<char> to, io::Meter& meter) {
  if (is_shared_) may_read_ = is_file_;
  is_ready_ = false;
  for (;;) {
    const ssize_t n = ::read(fd_.get(), to.data(), to.size());
    if (n >= 0) {
      if (n == 0 && is_file_) io::refuse_shorter(fd_, name_, size_);
      is_ready_ = may_read_ && static_cast<std::size_t>(n) == to.size();
      meter.bytes += static_cast<std::size_t>(n);
      stored_ += static_cast<std::size_t>(n);
      return static_cast<std::size_t>(n);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) throw base::SystemError("read", name_);
  }
}

std::optional<std::size_t> InputStream::read(std::span<char> to, io::Meter& meter) {
  if (inflates_ && !is_sniffed_) return read_first(to, meter);
  if (!decoder_) return read_stored(to, meter);
  if (decoder_->has_more()) return inflate(to);
  const auto stored = read_stored({compressed_.get(), compressed_capacity}, meter);
  if (!stored) return std::nullopt;
  if (*stored == 0) {
    decoder_->finish();
    return 0;
  }
  decoder_->feed({compressed_.get(), *stored});
  return inflate(to);
}

std::optional<std::size_t> InputStream::read_first(std::span<char> to, io::Meter& meter) {
  const std::size_t held = has_half_magic_ ? 1 : 0;
  if (held == 1) to[0] = '\x1f';
  to = to.first(std::min(to.size(), compressed_capacity));
  const auto stored = read_stored(to.subspan(held), meter);
  if (!stored) return std::nullopt;
  const std::string_view first{to.data(), held + *stored};
  if (*stored > 0 && first == "\x1f") {
    has_half_magic_ = true;
    return std::nullopt;
  }
  is_sniffed_ = true;
  if (!codec::is_gzip(first)) return first.size();
  decoder_.emplace(name_);
  compressed_ = std::make_unique_for_overwrite<char[]>(compressed_capacity);
  std::memcpy(compressed_.get(), first.data(), first.size());
  decoder_->feed({compressed_.get(), first.size()});
  return inflate(to);
}

std::optional<std::size_t> InputStream::inflate(std::span<char> to) {
  const std::size_t n = decoder_->inflate(to);
  if (n == 0) return std::nullopt;
  return n;
}

Input::Input(const std::string& path, const InputSettings& settings, HeaderUse header_use,
             const Shared& shared, io::StreamCount& count)
    : settings_(settings),
      shared_(shared),
      stream_(path, !record::is_bytes(settings.form) || settings.inflates_bytes),
      count_(count),
      splitter_(record::make_framer(settings.form, stream_.name())),
      header_use_(header_use) {
  start_round();
}

void Input::start_round() {
  if (header_use_.way == HeaderUse::Way::keep && round_ > 0) header_use_.way = HeaderUse::Way::drop;
  is_format_known_ = record::is_bytes(settings_.form) || settings_.form.kind == record::RecordForm::Kind::bam;
  is_front_known_ = shared_.headers == nullptr;
  header_reader_.emplace(settings_.header, header_use_, shared_.references, stream_.name());
  framer_ = record::make_framer(settings_.form, stream_.name());
  rounds_.emplace_back(shared_.pool, shared_.spill);
}

Input::Got Input::read(io::Meter& meter, Hold hold) {
  make_room(hold);
  const auto n = stream_.read({open_->data + filled_, open_->capacity - filled_}, meter);
  if (!n) return Got::nothing;
  filled_ += *n;
  count_.bytes = stream_.stored();
  if (*n == 0) {
    finish();
    return Got::end;
  }
  frame(false);
  return Got::bytes;
}

void Input::make_room(Hold hold) {
  if (!open_) open_ = shared_.pool.get();
  const std::size_t tail = filled_ - framed_;
  const std::size_t room = open_->capacity - filled_;
  const std::size_t enough = std::min(least_read, open_->capacity / 4);
  if (room >= enough || (room > 0 && tail > open_->capacity / 2)) return;
  if (hold == Hold::on_disk) newest().spill_last(open_);
  if (tail > 0 || !open_.is_only()) {
    io::BlockRef next = shared_.pool.get(tail > shared_.pool.block_size() / 2 ? tail * 2 : 0);
    std::memcpy(next->data, open_->data + framed_, tail);
    open_ = std::move(next);
  }
  framed_ = 0;
  filled_ = tail;
}

// A compressed or binary file would go through as the lines that it happens to have.
void Input::check_format(bool is_end) {
  if (unframed().size() < codec::format_magic_size && !is_end) return;
  is_format_known_ = true;
  const codec::DataFormat format = codec::format_by_magic(unframed());
  if (format != codec::DataFormat::unknown && format != codec::DataFormat::sam)
    throw base::DataError("read", name(), codec::refusal_of(format));
}

// Whether it is known that what is to be records does not begin with a header as that of an earlier input
// does. Until then none is framed.
bool Input::check_front(bool is_end) {
  const std::string_view front = unframed();
  if (!is_end && !record::RepeatedHeaders::is_enough(front)) return false;
  is_front_known_ = true;
  if (settings_.header.is_named()) {
    const std::string doubt = shared_.headers->doubt(front, "the inputs");
    if (!doubt.empty()) base::warn(doubt);
  }
  const std::string earlier = shared_.headers->find(front, fmt::format("'{}' does", name()));
  if (earlier.empty()) return true;
  throw base::DataError("collect", name(),
                        record::RepeatedHeaders::fault(front, earlier, "--sam", "--record bam"));
}

void Input::frame(bool is_end) {
  if (!is_format_known_) check_format(is_end);
  if (!header_reader_->is_over()) {
    framed_ += header_reader_->take(unframed(), is_end);
    if (header_reader_->is_over() && round_ == 0) header_ = header_reader_->text();
  }
  if (!header_reader_->is_over() || framed_ == filled_) return;
  if (!is_front_known_ && !check_front(is_end)) return;
  const std::string_view bytes = unframed();
  const record::Span span = framer_->take(bytes, all_records);
  newest().push(open_, bytes.substr(0, span.bytes), span.records);
  framed_ += span.bytes;
  count_.records += span.records;
}

void Input::finish() {
  frame(true);
  if (framed_ < filled_) {
    const std::string_view missing = framer_->complete(unframed());
    make_room(Hold::in_memory);
    std::memcpy(open_->data + filled_, missing.data(), missing.size());
    filled_ += missing.size();
    newest().push(open_, unframed(), 1);
    ++count_.records;
  }
  open_ = {};
  framed_ = filled_ = 0;
  is_read_ = ++round_ == settings_.rounds;
  if (!is_read_) start_round();
}

std::uint64_t Input::pass(BatchedOutput& output, std::uint64_t max_records) {
  std::uint64_t passed = 0;
  while (passed < max_records && has_records()) {
    const RecordBatch& batch = front();
    record::Span span{batch.bytes.size(), batch.records};
    if (span.records > max_records - passed) span = splitter_->split(batch.bytes, max_records - passed);
    output.pass(batch.block, batch.bytes.substr(0, span.bytes));
    passed += span.records;
    drop(span.bytes, span.records);
  }
  return passed;
}

}  // namespace mrf::collect
