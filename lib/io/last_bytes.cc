// SPDX-License-Identifier: MIT
// The file is mapped: what was put there is there after KILL too. Its units are in a ring behind the header,
// which is as large as what is kept and what waits, and becomes larger as needed. Room on disk is asked for
// before a page is touched, since a full disk would end the process with SIGBUS. `begin` and `end` of the
// file are moved before bytes are overwritten and after bytes were put there, so that what lies between them
// is whole at any moment.
//
// Of small units not each end is remembered, but one in some thousand bytes: what is kept begins and ends at
// such a mark, and so has a few units more at its end than were given.
#include "io/last_bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "io/stats.h"

namespace mrf::io {

namespace {

constexpr std::uint64_t file_magic = 0x7374736161746c32;
constexpr std::size_t control_bytes = 4096;
constexpr std::size_t page_bytes = 4096;
constexpr std::uint64_t allocated_at_a_time = std::uint64_t{1} << 20;
constexpr std::size_t most_spacing = 4096;
constexpr std::size_t most_extra = std::size_t{512} << 10;  // of a ring, for what waits
constexpr std::size_t most_copied = std::size_t{64} << 10;  // at a time
constexpr std::string_view verb = "keep the last records of";

std::string path_beside(const std::string& name) { return name + ".last"; }

std::uint64_t whole_pages(std::uint64_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }

}  // namespace

struct LastBytes::Control {
  std::uint64_t magic = 0;
  std::atomic<std::uint64_t> header{0};  // bytes, behind this page
  std::atomic<std::uint64_t> size{0};    // of the ring, which is behind the pages of the header
  std::atomic<std::uint64_t> begin{0};
  std::atomic<std::uint64_t> end{0};

  void set_kept(std::uint64_t from, std::uint64_t to) {
    begin.store(from, std::memory_order_release);
    end.store(to, std::memory_order_release);
  }
};

LastBytes::LastBytes(const std::string& name, std::size_t capacity)
    : name_(name),
      capacity_(std::max<std::size_t>(capacity, 1)),
      spacing_(std::min(most_spacing, capacity_ / 16)),
      file_(adopt_fd, ::open(path_beside(name).c_str(),
                             O_RDWR | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600)) {
  if (!file_.is_open()) throw base::SystemError(verb, name);
  static_assert(sizeof(Control) <= control_bytes);
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0 || !S_ISREG(info.st_mode)) throw base::SystemError(verb, name, EEXIST);
  if (const int error = ::posix_fallocate(file_.get(), 0, control_bytes); error != 0)
    throw base::SystemError(verb, name, error);
  void* mapped = ::mmap(nullptr, control_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (mapped == MAP_FAILED) throw base::SystemError(verb, name);
  control_ = new (mapped) Control;
  control_->magic = file_magic;
}

LastBytes::~LastBytes() {
  if (control_ != nullptr) ::munmap(control_, control_bytes);
}

// The file is no LastBytes' any more. What waits in it can be read further.
void LastBytes::stop(int error_number) {
  base::warn(base::SystemError(verb, name_, error_number).what());
  is_stopped_ = true;
  control_->magic = 0;
  if (written_ == end_) empty_file();
}

void LastBytes::empty_file() {
  ring_.reset();
  ::munmap(std::exchange(control_, nullptr), control_bytes);
  if (::ftruncate(file_.get(), 0) != 0) file_.reset();
}

void LastBytes::add_header(std::string_view bytes) {
  while (!is_stopped_ && !ring_ && !bytes.empty()) {
    const std::uint64_t size = control_->header;
    const ssize_t n =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(control_bytes + size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return stop(errno);
    control_->header = size + static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::span<char> LastBytes::reserve(std::uint64_t end, std::size_t size) {
  if (is_stopped_) return {};
  end_ = end;
  const std::uint64_t from = std::min(begin_, written_);
  const bool has_room = ring_ && end + size - from <= ring_->size();
  if (!has_room && !enlarge(from, end, size)) return {};
  if (!allocate(end + size)) return {};
  end_ = end + size;
  return {ring_->at(end), size};
}

// Every byte gets another place. The bytes are in memory meanwhile, and none is kept.
bool LastBytes::enlarge(std::uint64_t from, std::uint64_t end, std::size_t size) {
  const std::uint64_t needed = end + size - from;
  const std::uint64_t least = capacity_ + std::min(capacity_, most_extra);
  const std::uint64_t larger = whole_pages(std::max(least, ring_ ? needed + needed / 4 : needed));
  const std::uint64_t offset = control_bytes + whole_pages(control_->header);
  if (::ftruncate(file_.get(), static_cast<off_t>(offset + larger)) != 0) {
    stop(errno);
    return false;
  }
  if (ring_ && !allocate_file(allocated_, larger)) return false;
  try {
    const std::uint64_t kept_begin = control_->begin;
    const std::uint64_t kept_end = control_->end;
    const std::string held = ring_ ? std::string(ring_->at(from), end - from) : std::string();
    control_->set_kept(kept_end, kept_end);
    RingMemory fresh(file_, offset, larger);
    std::memcpy(fresh.at(from), held.data(), held.size());
    ring_.emplace(std::move(fresh));
    control_->size = larger;
    control_->set_kept(kept_begin, kept_end);
  } catch (const base::SystemError& error) {
    stop(error.error_number());
    return false;
  }
  return true;
}

bool LastBytes::allocate(std::uint64_t end) {
  const std::uint64_t wanted = std::min<std::uint64_t>(end, ring_->size());
  if (allocated_ >= wanted) return true;
  return allocate_file(
      allocated_, std::min<std::uint64_t>(std::max(wanted, allocated_ + allocated_at_a_time), ring_->size()));
}

bool LastBytes::allocate_file(std::uint64_t from, std::uint64_t to) {
  const std::uint64_t offset = control_bytes + whole_pages(control_->header);
  int error = EINTR;
  while (from < to && error == EINTR)
    error = ::posix_fallocate(file_.get(), static_cast<off_t>(offset + from), static_cast<off_t>(to - from));
  if (from < to && error != 0) {
    stop(error);
    return false;
  }
  allocated_ = std::max(allocated_, to);
  return true;
}

void LastBytes::drop_before(std::uint64_t position) {
  while (begin_ < position && !marks_.empty()) {
    begin_ = marks_.front();
    marks_.pop_front();
    is_too_large_ = false;
  }
  if (begin_ >= position) return;
  begin_ = position;
  is_too_large_ = true;
}

void LastBytes::give(std::uint64_t end, std::size_t waiting) {
  if (is_stopped_) return;
  if (last_mark_ < end && last_mark_ < unit_end_) add_mark();
  const auto mark = std::lower_bound(marks_.begin(), marks_.end(), end);
  const std::uint64_t kept_end = mark != marks_.end() ? *mark : unit_end_;
  const std::uint64_t most = capacity_ + waiting;
  const std::uint64_t last = std::max(end, kept_end);
  if (is_too_large_ && !marks_.empty()) drop_before(marks_.front());
  if (last > most) drop_before(last - most);
  const bool is_nothing = is_too_large_ || begin_ > kept_end;
  control_->set_kept(is_nothing ? kept_end : begin_, kept_end);
}

void LastBytes::set_written(std::uint64_t position) {
  written_ = position;
  if (is_stopped_ && ring_ && written_ == end_) empty_file();
}

void LastBytes::add(std::string_view bytes, bool is_whole, std::size_t waiting) {
  while (!bytes.empty()) {
    const std::uint64_t end = end_;
    const std::span<char> room = reserve(end, std::min(bytes.size(), most_copied));
    if (room.empty()) return;
    std::memcpy(room.data(), bytes.data(), room.size());
    bytes.remove_prefix(room.size());
    written_ = end_;
    if (is_whole && bytes.empty()) end_unit(end_);
    give(end_, waiting);
  }
}

std::optional<KeptBytes> read_last_bytes(const std::string& name) {
  const std::string path = path_beside(name);
  Meter meter;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  const Fd file(adopt_fd, fd);
  std::string text;
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  text.resize(static_cast<std::size_t>(info.st_size));
  text.resize(read_full(file, path, {text.data(), text.size()}, meter));
  if (text.size() < control_bytes) return std::nullopt;
  std::uint64_t fields[5];
  std::memcpy(fields, text.data(), sizeof fields);
  const std::uint64_t header = fields[1];
  const std::uint64_t size = fields[2];
  std::uint64_t at = fields[3];
  const std::uint64_t end = fields[4];
  if (fields[0] != file_magic || end < at || end - at > size || header > text.size()) return std::nullopt;
  const std::uint64_t offset = control_bytes + whole_pages(header);
  if (text.size() < (size == 0 ? control_bytes + header : offset + size)) return std::nullopt;
  KeptBytes kept{text.substr(control_bytes, header), {}, end};
  while (at < end) {
    const std::uint64_t n = std::min(end - at, size - at % size);
    kept.units.append(text, offset + at % size, n);
    at += n;
  }
  return kept;
}

}  // namespace mrf::io
