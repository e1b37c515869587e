// SPDX-License-Identifier: MIT
// The file is mapped: adding costs one copy of the bytes and no system call, and what was added is there
// after KILL too. The copy goes past the caches: nobody reads it but after a failure, and the caches are for
// the programs of the run. Room on disk is asked for before a page is touched, since a full disk would end
// the process with SIGBUS. `begin` and `end` are positions; they are moved before bytes are overwritten and
// after bytes were copied, so that what lies between them is whole at any moment.
#include "io/last_bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // of Linux 5.14
#endif

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

constexpr std::uint64_t file_magic = 0x7374736161746c31;
constexpr std::size_t control_bytes = 4096;
constexpr std::uint64_t first_allocated = std::uint64_t{256} << 10;
constexpr std::size_t most_spacing = 4096;
constexpr std::string_view verb = "keep the last records of";

#if defined(__SSE2__)
// memcpy() to memory that is not read soon.
void copy_to_memory(char* to, const char* from, std::size_t size) {
  constexpr std::size_t line = 64;
  const std::size_t front = std::min(size, (line - reinterpret_cast<std::uintptr_t>(to) % line) % line);
  std::memcpy(to, from, front);
  to += front;
  from += front;
  size -= front;
  for (; size >= line; to += line, from += line, size -= line) {
    for (std::size_t at = 0; at < line; at += sizeof(__m128i))
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + at),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at)));
  }
  _mm_sfence();
  std::memcpy(to, from, size);
}
#else
void copy_to_memory(char* to, const char* from, std::size_t size) { std::memcpy(to, from, size); }
#endif

std::string path_beside(const std::string& name) { return name + ".last"; }

}  // namespace

struct LastBytes::Control {
  std::uint64_t magic = 0;
  std::uint64_t most = 0;
  std::atomic<std::uint64_t> size{0};    // of the ring, not above `most`
  std::atomic<std::uint64_t> header{0};  // bytes, behind the ring
  std::atomic<std::uint64_t> begin{0};
  std::atomic<std::uint64_t> end{0};
};

LastBytes::LastBytes(const std::string& name, std::size_t size, std::size_t most)
    : name_(name),
      most_(std::max<std::size_t>({size, most, 1})),
      size_(std::max<std::size_t>(size, 1)),
      spacing_(std::min(most_spacing, size_ / 16)),
      file_(adopt_fd, ::open(path_beside(name).c_str(),
                             O_RDWR | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600)) {
  if (!file_.is_open()) throw base::SystemError(verb, name);
  static_assert(sizeof(Control) <= control_bytes);
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0 || !S_ISREG(info.st_mode)) throw base::SystemError(verb, name, EEXIST);
  const std::size_t all = control_bytes + most_;
  if (::ftruncate(file_.get(), static_cast<off_t>(all)) != 0) throw base::SystemError(verb, name);
  if (const int error = ::posix_fallocate(file_.get(), 0, control_bytes); error != 0)
    throw base::SystemError(verb, name, error);
  void* mapped = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (mapped == MAP_FAILED) throw base::SystemError(verb, name);
  control_ = new (mapped) Control;
  control_->most = most_;
  control_->size = size_;
  control_->magic = file_magic;
  ring_ = static_cast<char*>(mapped) + control_bytes;
}

LastBytes::~LastBytes() {
  if (control_ != nullptr) ::munmap(control_, control_bytes + most_);
}

// Makes the file one that no reader takes for that of a LastBytes.
void LastBytes::stop(int error_number) {
  base::warn(base::SystemError(verb, name_, error_number).what());
  control_->magic = 0;
  ::munmap(std::exchange(control_, nullptr), control_bytes + most_);
  marks_ = {};
  if (::ftruncate(file_.get(), 0) != 0) file_.reset();
}

void LastBytes::add_header(std::string_view bytes) {
  while (control_ != nullptr && !bytes.empty()) {
    const std::uint64_t size = control_->header;
    const ssize_t n =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(control_bytes + most_ + size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return stop(errno);
    control_->header = size + static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

// A ring of another size: every byte gets another place.
void LastBytes::grow(std::size_t bytes) {
  if (control_ == nullptr) return;
  const std::size_t before = size_;
  const std::uint64_t begin = std::min(begin_, end_);
  std::string held;
  for (std::uint64_t at = begin; at < end_;) {
    const std::uint64_t n = std::min(end_ - at, before - at % before);
    held.append(ring_ + at % before, n);
    at += n;
  }
  control_->begin = control_->end.load();
  size_ = std::min(most_, std::max(bytes, 2 * before));
  if (!allocate(size_)) return;
  control_->size = size_;
  copy(held, begin);
  publish();
}

// Drops units from the front. Nothing is left of a unit that is too large.
void LastBytes::drop_before(std::uint64_t position) {
  while (begin_ < position && !marks_.empty()) {
    begin_ = marks_.front();
    marks_.pop_front();
    is_cut_ = false;
  }
  if (begin_ >= position) return;
  begin_ = position;
  is_cut_ = true;
}

void LastBytes::publish() {
  const bool is_nothing = is_cut_ || begin_ > kept_end_;
  control_->begin.store(is_nothing ? kept_end_ : begin_, std::memory_order_release);
  control_->end.store(kept_end_, std::memory_order_release);
}

// For bytes behind end_, no more than the ring has.
bool LastBytes::make_room(std::size_t size) {
  const std::uint64_t end = end_ + size;
  if (end > size_ && begin_ < end - size_) {
    drop_before(end - size_);
    publish();
  }
  return allocate(end);
}

bool LastBytes::allocate(std::uint64_t end) {
  while (allocated_ < std::min<std::uint64_t>(end, size_)) {
    const std::uint64_t more = std::min(std::max(first_allocated, allocated_), size_ - allocated_);
    const int error = ::posix_fallocate(file_.get(), static_cast<off_t>(control_bytes + allocated_),
                                        static_cast<off_t>(more));
    if (error == EINTR) continue;
    if (error != 0) {
      stop(error);
      return false;
    }
    // Pages that come together take less time than each by itself; they come later where this is unknown.
    (void)::madvise(ring_ + allocated_, more, MADV_POPULATE_WRITE);
    allocated_ += more;
  }
  return true;
}

void LastBytes::copy(std::string_view bytes, std::uint64_t to) {
  const auto at = static_cast<std::size_t>(to % size_);
  const std::size_t first = std::min(bytes.size(), size_ - at);
  copy_to_memory(ring_ + at, bytes.data(), first);
  copy_to_memory(ring_, bytes.data() + first, bytes.size() - first);
}

void LastBytes::add(std::string_view bytes) {
  while (control_ != nullptr && !bytes.empty()) {
    const std::string_view part = bytes.substr(0, size_);
    bytes.remove_prefix(part.size());
    if (!make_room(part.size())) return;
    copy(part, end_);
    end_ += part.size();
  }
}

void LastBytes::add(FdRef file, std::uint64_t offset, std::size_t size) {
  while (control_ != nullptr && size > 0) {
    const std::size_t at = end_ % size_;
    const std::size_t part = std::min(size, size_ - at);
    if (!make_room(part)) return;
    const ssize_t n = ::pread(file.get(), ring_ + at, part, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return stop(n == 0 ? EIO : errno);
    end_ += static_cast<std::size_t>(n);
    offset += static_cast<std::size_t>(n);
    size -= static_cast<std::size_t>(n);
  }
}

void LastBytes::keep_to(std::uint64_t position) {
  if (control_ == nullptr || position <= kept_end_) return;
  kept_end_ = position;
  if (is_cut_ && marks_.empty() && position > begin_) add_mark(position);
  if (is_cut_ && !marks_.empty()) drop_before(marks_.front());
  publish();
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
  std::uint64_t fields[6];
  std::memcpy(fields, text.data(), sizeof fields);
  const std::uint64_t most = fields[1];
  const std::uint64_t size = fields[2];
  const std::uint64_t header = fields[3];
  std::uint64_t at = fields[4];
  const std::uint64_t end = fields[5];
  if (fields[0] != file_magic || size == 0 || size > most || end < at || end - at > size ||
      text.size() < control_bytes + most + header)
    return std::nullopt;
  KeptBytes kept{text.substr(control_bytes + most, header), {}, end};
  while (at < end) {
    const std::uint64_t n = std::min(end - at, size - at % size);
    kept.units.append(text, control_bytes + at % size, n);
    at += n;
  }
  return kept;
}

}  // namespace mrf::io
