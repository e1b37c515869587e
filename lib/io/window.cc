// SPDX-License-Identifier: MIT
#include "io/window.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "codec/inflate.h"
#include "io/io.h"

namespace mrf {

namespace {

// What was read to look at the magic bytes comes first, then the descriptor's bytes.
class FdSource : public ByteSource {
 public:
  FdSource(FdRef fd, std::string name, Meter& meter, std::string_view first)
      : fd_(fd), name_(std::move(name)), meter_(meter), first_(first) {}

  std::size_t read(std::span<char> to) override {
    if (first_.empty()) return read_some(fd_, name_, to, meter_);
    const std::size_t n = std::min(to.size(), first_.size());
    std::memcpy(to.data(), first_.data(), n);
    first_.erase(0, n);
    return n;
  }
  bool is_ready() const override {
    pollfd input{fd_.get(), POLLIN, 0};
    return !first_.empty() || ::poll(&input, 1, 0) > 0;
  }

 private:
  FdRef fd_;
  std::string name_;
  Meter& meter_;
  std::string first_;
};

}  // namespace

Window::Window(InputFile input, Meter& meter, std::size_t capacity, unsigned threads)
    : input_(std::move(input)), meter_(meter) {
  if (input_.size > 0) {
    MappedFile file(input_.fd, static_cast<std::size_t>(input_.size), input_.name);
    if (file.is_mapped() && !is_gzip({file.data(), std::min<std::size_t>(file.size(), 2)})) {
      mapping_ = std::move(file);
      ::madvise(mapping_.data(), mapping_.size(), MADV_SEQUENTIAL);
      begin_ = released_ = mapping_.data();
      end_ = begin_ + std::min(mapping_.size(), shown_step);
      meter_.bytes += mapping_.size();
      stored_ = mapping_.size();
      return;
    }
  }
  const std::uint64_t before = meter_.bytes;
  std::array<char, 2> magic;
  const std::size_t n = read_full(input_.fd, input_.name, magic, meter_);
  start_reading({magic.data(), n}, capacity, threads);
  stored_ = meter_.bytes - before;
}

void Window::start_reading(std::string_view first, std::size_t capacity, unsigned threads) {
  source_ = std::make_unique<FdSource>(input_.fd, input_.name, meter_, first);
  if (is_gzip(first)) source_ = make_inflater(std::move(source_), input_.name, threads);
  capacity_ = capacity;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  begin_ = end_ = buffer_.get();
}

Window::Window(Window&& other) noexcept
    : input_(std::move(other.input_)),
      meter_(other.meter_),
      begin_(std::exchange(other.begin_, nullptr)),
      end_(std::exchange(other.end_, nullptr)),
      stored_(other.stored_),
      mapping_(std::move(other.mapping_)),
      released_(other.released_),
      source_(std::move(other.source_)),
      buffer_(std::move(other.buffer_)),
      capacity_(other.capacity_) {}

// A regular file on standard input is at what was read of it for whoever reads on.
Window::~Window() {
  if (is_mapped()) ::lseek(input_.fd.get(), mapped_offset(), SEEK_SET);
}

void Window::release_pages() {
  const std::ptrdiff_t page = 65536;  // a multiple of every page size
  const std::ptrdiff_t bytes = (begin_ - released_) / page * page;
  ::madvise(released_, static_cast<std::size_t>(bytes), MADV_DONTNEED);
  released_ += bytes;
  // Who watches the descriptor (/proc/PID/fdinfo) sees how far the input has been read.
  ::lseek(input_.fd.get(), released_ - mapping_.data(), SEEK_SET);
}

void Window::make_room() {
  const std::size_t held = view().size();
  if (begin_ == buffer_.get() && held == capacity_) {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity_ * 2);
    std::memcpy(larger.get(), begin_, held);
    buffer_ = std::move(larger);
    capacity_ *= 2;
  } else if (begin_ != buffer_.get()) {
    std::memmove(buffer_.get(), begin_, held);
  }
  begin_ = buffer_.get();
  end_ = begin_ + held;
}

bool Window::show_more() {
  mapping_.check_size();
  const char* const end = mapping_.data() + mapping_.size();
  if (end_ == end) return false;
  end_ += std::min(static_cast<std::size_t>(end - end_), shown_step);
  return true;
}

bool Window::more() {
  if (source_ == nullptr) return show_more();
  make_room();
  const auto held = static_cast<std::size_t>(end_ - buffer_.get());
  const std::uint64_t before = meter_.bytes;
  const std::size_t n = source_->read({buffer_.get() + held, capacity_ - held});
  stored_ += meter_.bytes - before;
  end_ += n;
  return n > 0;
}

bool fill_to(Window& window, std::size_t n) {
  while (window.view().size() < n) {
    if (!window.more()) return false;
  }
  return true;
}

}  // namespace mrf
