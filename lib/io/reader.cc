// SPDX-License-Identifier: MIT
// A regular file is read with read(2), as a pipe is, and not mapped: that is as fast, and a file that becomes
// shorter, or whose disk fails, is an error of read(2) and not a signal.
#include "io/reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "base/error.h"
#include "io/fd.h"

namespace mrf::io {

namespace {

constexpr std::size_t most_ahead = std::size_t{64} << 20;
constexpr std::size_t piece_size = std::size_t{64} << 10;
// Measured against a mapped file, with pieces of a thousand lines that are spliced: 128 KiB is 5 % slower,
// 256 KiB is no slower; 1 MiB is faster for large pieces and slower for small ones.
constexpr std::size_t file_capacity = std::size_t{256} << 10;

// Reads of another source, which outlives the object.
class Borrowed : public codec::ByteSource {
 public:
  explicit Borrowed(codec::ByteSource& from) : from_(from) {}
  std::size_t read(std::span<char> to) override { return from_.read(to); }
  bool is_ready() const override { return from_.is_ready(); }

 private:
  codec::ByteSource& from_;
};

// A URL is not a file; getm-fetch reads it.
Fd open_path(const std::string& path, int flags) {
  try {
    return open_file(path, flags);
  } catch (const base::SystemError& error) {
    if (error.error_number() != ENOENT || path.find("://") == std::string::npos) throw;
    throw base::Error(base::Status::failure, "open", path,
                      "it is a URL: pipe it in, 'getm-fetch URL - | ...'");
  }
}

InputFile open_with(const std::string& path, int flags) {
  InputFile input;
  if (path == "-") {
    input.fd = duplicate_standard_input();
    input.name = stdin_name;
  } else {
    input.fd = open_path(path, O_RDONLY | flags);
    input.name = path;
  }
  struct stat info {};
  if (::fstat(input.fd.get(), &info) != 0) throw base::SystemError("open", input.name);
  if (S_ISDIR(info.st_mode)) throw base::SystemError("open", input.name, EISDIR);
  input.is_regular = S_ISREG(info.st_mode);
  if (input.is_regular && ::lseek(input.fd.get(), 0, SEEK_CUR) == 0) input.size = info.st_size;
  return input;
}

}  // namespace

InputFile open_input(const std::string& path) { return open_with(path, 0); }

// Opened by its path, the file has flags of its own, so that reading may wait again.
InputFile open_input_at_once(const std::string& path) {
  InputFile input = open_with(path, O_NONBLOCK);
  if (path != "-" && ::fcntl(input.fd.get(), F_SETFL, 0) != 0) throw base::SystemError("open", input.name);
  return input;
}

std::string read_whole(const InputFile& input) {
  std::string text;
  Meter meter;
  char buffer[1 << 16];
  while (const std::size_t n = read_some(input.fd, input.name, buffer, meter)) text.append(buffer, n);
  return text;
}

std::string read_whole(const std::string& path) { return read_whole(open_input(path)); }

std::string start_of_machine() { return read_whole("/proc/sys/kernel/random/boot_id"); }

void refuse_shorter(FdRef file, const std::string& name, long long size) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw base::SystemError("read", name);
  if (info.st_size < size) throw base::Error(base::Status::failure, "read", name, "the file became shorter");
}

// The bytes of the input's descriptor, in front of them those that were read ahead.
class Reader::Stored : public codec::ByteSource {
 public:
  Stored(std::shared_ptr<const InputFile> input, Meter& meter) : input_(std::move(input)), meter_(meter) {}

  std::size_t read(std::span<char> to) override {
    if (ahead_.empty()) return is_over_ ? 0 : read_now(to);
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
    pollfd input{input_->fd.get(), POLLIN, 0};
    return !ahead_.empty() || is_over_ || input_->is_regular || ::poll(&input, 1, 0) > 0;
  }
  /// Puts bytes that read() gave back in front.
  void put_back(std::string_view bytes) {
    if (given_ > 0) ahead_.front().erase(0, std::exchange(given_, 0));
    ahead_.emplace_front(bytes);
    ahead_bytes_ += bytes.size();
  }
  void read_ahead() {
    std::string piece(piece_size, '\0');
    piece.resize(read_now(piece));
    is_over_ = piece.empty();
    ahead_bytes_ += piece.size();
    if (!is_over_) ahead_.push_back(std::move(piece));
  }
  bool can_read_ahead() const { return !input_->is_regular && !is_over_ && ahead_bytes_ < most_ahead; }
  /// How many bytes were read from the descriptor.
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::size_t read_now(std::span<char> to) {
    const std::size_t n = read_some(input_->fd, input_->name, to, meter_);
    bytes_ += n;
    if (n == 0 && input_->size > 0 && bytes_ < static_cast<std::uint64_t>(input_->size))
      refuse_shorter(input_->fd, input_->name, input_->size);
    return n;
  }

  std::shared_ptr<const InputFile> input_;
  Meter& meter_;
  std::deque<std::string> ahead_;
  std::size_t given_ = 0;  // of the first piece
  std::size_t ahead_bytes_ = 0;
  std::uint64_t bytes_ = 0;
  bool is_over_ = false;
};

Reader::Reader(InputFile input, Meter& meter, Options options)
    : input_(std::make_shared<const InputFile>(std::move(input))),
      options_(options),
      stored_source_(std::make_unique<Stored>(input_, meter)) {}

Reader::Reader(Reader&& other) noexcept = default;

Reader::~Reader() {
  if (input_ != nullptr && input_->is_regular && inflater_ == nullptr && !view().empty())
    ::lseek(input_->fd.get(), -static_cast<off_t>(view().size()), SEEK_CUR);
}

bool Reader::is_plain_file() const {
  return input_->size >= 0 && inflater_ == nullptr && (is_started_ || !options_.inflates);
}

// Done by the first more(), since it may wait for whoever writes the input.
void Reader::start() {
  is_started_ = true;
  capacity_ = options_.capacity;
  // A small file needs a small buffer, with room for a read(2) that finds its end.
  if (input_->size >= 0)
    capacity_ = std::clamp<std::size_t>(static_cast<std::size_t>(input_->size) + 1, 4096, file_capacity);
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  begin_ = end_ = buffer_.get();
  if (!options_.inflates) return;
  while (view().empty() || view() == "\x1f") {
    if (!read_from(*stored_source_)) return;
  }
  if (!codec::is_gzip(view())) return;
  stored_source_->put_back(view());
  end_ = begin_;
  inflater_ =
      codec::make_inflater(std::make_unique<Borrowed>(*stored_source_), input_->name, options_.threads);
}

bool Reader::is_ready() const {
  return inflater_ != nullptr ? inflater_->is_ready() : stored_source_->is_ready();
}

void Reader::read_ahead() {
  stored_source_->read_ahead();
  stored_ = stored_source_->bytes();
}

bool Reader::can_read_ahead() const { return stored_source_->can_read_ahead(); }

void Reader::make_room() {
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

bool Reader::read_from(codec::ByteSource& source) {
  const auto held = static_cast<std::size_t>(end_ - buffer_.get());
  const std::size_t n = source.read({buffer_.get() + held, capacity_ - held});
  stored_ = stored_source_->bytes();
  end_ += n;
  return n > 0;
}

bool Reader::more() {
  if (!is_started_) {
    start();
    if (!view().empty()) return true;
  }
  make_room();
  return read_from(inflater_ != nullptr ? *inflater_ : *stored_source_);
}

bool fill_to(Reader& reader, std::size_t n) {
  while (reader.view().size() < n) {
    if (!reader.more()) return false;
  }
  return true;
}

}  // namespace mrf::io
