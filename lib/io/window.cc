// SPDX-License-Identifier: MIT
#include "io/window.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <utility>

#include "base/error.h"
#include "codec/inflate.h"
#include "io/io.h"

namespace mrf::io {

namespace {

constexpr std::size_t most_ahead = std::size_t{64} << 20;
constexpr std::size_t piece_size = std::size_t{64} << 10;

// Reads of another source, which outlives the object.
class Borrowed : public codec::ByteSource {
 public:
  explicit Borrowed(codec::ByteSource& from) : from_(from) {}
  std::size_t read(std::span<char> to) override { return from_.read(to); }
  bool is_ready() const override { return from_.is_ready(); }

 private:
  codec::ByteSource& from_;
};

}  // namespace

// The bytes of the descriptor, of which some may have been read ahead.
class Window::Stored : public codec::ByteSource {
 public:
  Stored(const InputFile& input, Meter& meter)
      : fd_(input.fd), name_(input.name), meter_(meter), is_regular_(input.is_regular) {}

  std::size_t read(std::span<char> to) override {
    if (ahead_.empty()) return is_over_ ? 0 : read_some(fd_, name_, to, meter_);
    const std::string& front = ahead_.front();
    const std::size_t n = front.copy(to.data(), to.size(), given_);
    given_ += n;
    ahead_bytes_ -= n;
    if (given_ == front.size()) {
      ahead_.pop_front();
      given_ = 0;
    }
    return n;
  }
  bool is_ready() const override {
    pollfd input{fd_.get(), POLLIN, 0};
    return !ahead_.empty() || is_over_ || ::poll(&input, 1, 0) > 0;
  }
  /// Puts bytes that read() gave in front again.
  void put_back(std::string_view bytes) {
    if (bytes.empty()) return;
    if (given_ > 0) ahead_.front().erase(0, std::exchange(given_, 0));
    ahead_.emplace_front(bytes);
    ahead_bytes_ += bytes.size();
  }
  void read_ahead() {
    std::string piece(piece_size, '\0');
    piece.resize(read_some(fd_, name_, piece, meter_));
    is_over_ = piece.empty();
    ahead_bytes_ += piece.size();
    if (!is_over_) ahead_.push_back(std::move(piece));
  }
  bool can_read_ahead() const { return !is_regular_ && !is_over_ && ahead_bytes_ < most_ahead; }

 private:
  FdRef fd_;
  std::string name_;
  Meter& meter_;
  const bool is_regular_;
  std::deque<std::string> ahead_;
  std::size_t given_ = 0;  // of the first piece
  std::size_t ahead_bytes_ = 0;
  bool is_over_ = false;
};

Window::Window(InputFile input, Meter& meter, Options options)
    : input_(std::move(input)), meter_(meter), options_(options) {
  if (input_.size > 0) {
    MappedFile file(input_.fd, static_cast<std::size_t>(input_.size), input_.name);
    const bool is_mapped = file.is_mapped();
    const std::string_view magic =
        is_mapped ? std::string_view(file.data(), std::min<std::size_t>(file.size(), 2)) : "";
    if (is_mapped && !(options_.inflates && codec::is_gzip(magic))) {
      mapping_ = std::move(file);
      ::madvise(mapping_.data(), mapping_.size(), MADV_SEQUENTIAL);
      begin_ = released_ = mapping_.data();
      end_ = begin_ + std::min(mapping_.size(), shown_step);
      meter_.bytes += mapping_.size();
      stored_ = mapping_.size();
      return;
    }
  }
  stored_source_ = std::make_unique<Stored>(input_, meter_);
}

// Done by the first more(), since it may wait for whoever writes the input.
void Window::start_reading() {
  is_started_ = true;
  std::array<char, 2> magic;
  std::size_t size = 0;
  while (options_.inflates && size < magic.size()) {
    const std::size_t n = stored_source_->read(std::span(magic).subspan(size));
    if (n == 0) break;
    size += n;
  }
  const std::string_view first(magic.data(), size);
  stored_source_->put_back(first);
  if (codec::is_gzip(first)) {
    source_ =
        codec::make_inflater(std::make_unique<Borrowed>(*stored_source_), input_.name, options_.threads);
  }
  capacity_ = options_.capacity;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  begin_ = end_ = buffer_.get();
}

bool Window::is_ready() const {
  if (stored_source_ == nullptr) return true;
  return source_ != nullptr ? source_->is_ready() : stored_source_->is_ready();
}

void Window::read_ahead() {
  const std::uint64_t before = meter_.bytes;
  stored_source_->read_ahead();
  stored_ += meter_.bytes - before;
}

bool Window::can_read_ahead() const { return stored_source_ != nullptr && stored_source_->can_read_ahead(); }

Window::Window(Window&& other) noexcept
    : input_(std::move(other.input_)),
      meter_(other.meter_),
      options_(other.options_),
      begin_(std::exchange(other.begin_, nullptr)),
      end_(std::exchange(other.end_, nullptr)),
      stored_(other.stored_),
      mapping_(std::move(other.mapping_)),
      released_(other.released_),
      stored_source_(std::move(other.stored_source_)),
      source_(std::move(other.source_)),
      is_started_(other.is_started_),
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
  if (stored_source_ == nullptr) return show_more();
  const std::uint64_t before = meter_.bytes;
  if (!is_started_) start_reading();
  make_room();
  const auto held = static_cast<std::size_t>(end_ - buffer_.get());
  codec::ByteSource& source = source_ != nullptr ? *source_ : *stored_source_;
  const std::size_t n = source.read({buffer_.get() + held, capacity_ - held});
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

}  // namespace mrf::io
