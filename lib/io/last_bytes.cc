// SPDX-License-Identifier: MIT
// The file is mapped: adding costs one copy of the bytes and no system call, and what was added is there
// after KILL too. Room on disk is asked for before a page is touched, since a full disk would end the process
// with SIGBUS. `begin` and `end` are counts of bytes since the start; they are moved before bytes are
// overwritten and after bytes were copied, so that what lies between them is whole at any moment.
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

constexpr std::uint64_t file_magic = 0x7374736161746c31;
constexpr std::size_t control_bytes = 4096;
constexpr std::uint64_t allocated_at_a_time = std::uint64_t{1} << 20;
constexpr std::size_t most_spacing = 4096;
constexpr std::string_view verb = "keep the last records of";

std::string path_beside(const std::string& name) { return name + ".last"; }

}  // namespace

struct LastBytes::Control {
  std::uint64_t magic = 0;
  std::uint64_t capacity = 0;
  std::atomic<std::uint64_t> size{0};    // of the ring, at most capacity
  std::atomic<std::uint64_t> header{0};  // bytes, behind the ring
  std::atomic<std::uint64_t> begin{0};
  std::atomic<std::uint64_t> end{0};
};

LastBytes::LastBytes(const std::string& name, std::size_t capacity)
    : name_(name),
      capacity_(std::max<std::size_t>(capacity, 1)),
      size_(std::min(capacity_, first_size)),
      spacing_(std::min(most_spacing, capacity_ / 16)),
      file_(adopt_fd, ::open(path_beside(name).c_str(),
                             O_RDWR | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600)) {
  if (!file_.is_open()) throw base::SystemError(verb, name);
  static_assert(sizeof(Control) <= control_bytes);
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0 || !S_ISREG(info.st_mode)) throw base::SystemError(verb, name, EEXIST);
  const std::size_t size = control_bytes + capacity_;
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) throw base::SystemError(verb, name);
  if (const int error = ::posix_fallocate(file_.get(), 0, control_bytes); error != 0)
    throw base::SystemError(verb, name, error);
  void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (mapped == MAP_FAILED) throw base::SystemError(verb, name);
  control_ = new (mapped) Control;
  control_->capacity = capacity_;
  control_->size = size_;
  control_->magic = file_magic;
  ring_ = static_cast<char*>(mapped) + control_bytes;
}

LastBytes::~LastBytes() {
  if (control_ != nullptr) ::munmap(control_, control_bytes + capacity_);
}

// The file is no LastBytes' any more.
void LastBytes::stop(int error_number) {
  base::warn(base::SystemError(verb, name_, error_number).what());
  control_->magic = 0;
  ::munmap(std::exchange(control_, nullptr), control_bytes + capacity_);
  if (::ftruncate(file_.get(), 0) != 0) file_.reset();
}

void LastBytes::add_header(std::string_view bytes) {
  while (control_ != nullptr && !bytes.empty()) {
    const std::uint64_t size = control_->header;
    const ssize_t n = ::pwrite(file_.get(), bytes.data(), bytes.size(),
                               static_cast<off_t>(control_bytes + capacity_ + size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return stop(errno);
    control_->header = size + static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

// Every byte gets another place.
void LastBytes::grow(std::size_t bytes) {
  if (control_ == nullptr) return;
  const std::size_t before = size_;
  const std::uint64_t begin = control_->begin;
  std::string kept;
  for (std::uint64_t at = begin; !is_too_large_ && at < end_;) {
    const std::uint64_t n = std::min(end_ - at, before - at % before);
    kept.append(ring_ + at % before, n);
    at += n;
  }
  size_ = std::min(capacity_, std::max(bytes, 2 * before));
  if (!allocate(size_)) return;
  control_->begin = control_->end.load();
  control_->size = size_;
  if (is_too_large_) return;
  copy(kept, begin);
  control_->begin = begin;
}

// False when the unit in the making is too large. Units go from the front, several at a time.
bool LastBytes::make_room(std::size_t size) {
  const std::uint64_t whole = control_->end;
  std::uint64_t begin = control_->begin;
  while (end_ + size - begin > size_ && begin < whole) {
    begin = starts_.empty() ? whole : starts_.front();
    if (!starts_.empty()) starts_.pop_front();
  }
  control_->begin = begin;
  return end_ + size - begin <= size_;
}

bool LastBytes::allocate(std::uint64_t end) {
  while (allocated_ < std::min<std::uint64_t>(end, size_)) {
    const std::uint64_t more = std::min(allocated_at_a_time, size_ - allocated_);
    const int error = ::posix_fallocate(file_.get(), static_cast<off_t>(control_bytes + allocated_),
                                        static_cast<off_t>(more));
    if (error == EINTR) continue;
    if (error != 0) {
      stop(error);
      return false;
    }
    allocated_ += more;
  }
  return true;
}

void LastBytes::copy(std::string_view bytes, std::uint64_t to) {
  const auto at = static_cast<std::size_t>(to % size_);
  const std::size_t first = std::min(bytes.size(), size_ - at);
  std::memcpy(ring_ + at, bytes.data(), first);
  std::memcpy(ring_, bytes.data() + first, bytes.size() - first);
}

void LastBytes::add(std::string_view bytes, bool is_whole) {
  if (control_ == nullptr) return;
  if (!is_too_large_ && !make_room(bytes.size())) is_too_large_ = true;
  if (!is_too_large_) {
    if (!allocate(end_ + bytes.size())) return;
    copy(bytes, end_);
  }
  end_ += bytes.size();
  if (!is_whole) return;
  if (std::exchange(is_too_large_, false)) {
    starts_.clear();
    control_->begin = end_;
    control_->end = end_;
    return;
  }
  const std::uint64_t last = starts_.empty() ? control_->begin.load() : starts_.back();
  if (end_ - last >= spacing_) starts_.push_back(end_);
  control_->end = end_;
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
  const std::uint64_t capacity = fields[1];
  const std::uint64_t size = fields[2];
  const std::uint64_t header = fields[3];
  std::uint64_t at = fields[4];
  const std::uint64_t end = fields[5];
  if (fields[0] != file_magic || size == 0 || size > capacity || end < at || end - at > size ||
      text.size() < control_bytes + capacity + header)
    return std::nullopt;
  KeptBytes kept{text.substr(control_bytes + capacity, header), {}, end, size == capacity && end > size};
  while (at < end) {
    const std::uint64_t n = std::min(end - at, size - at % size);
    kept.units.append(text, control_bytes + at % size, n);
    at += n;
  }
  return kept;
}

}  // namespace mrf::io
