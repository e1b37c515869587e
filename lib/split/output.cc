// SPDX-License-Identifier: MIT
#include "split/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "io/fd.h"
#include "io/move_bytes.h"
#include "io/paths.h"

namespace mrf::split {

namespace {

// Closes standard output, so that its reader sees the end before the program exits.
void let_go_of_standard_output() {
  const io::Fd null = io::open_file("/dev/null", O_WRONLY);
  if (::dup2(null.get(), STDOUT_FILENO) < 0) throw base::SystemError("close", io::stdout_name);
}

}  // namespace

Target::Target(const std::string& path)
    : path_(path), name_(path == "-" ? std::string(io::stdout_name) : path) {
  if (path == "-") {
    open_standard_output();
    return;
  }
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;  // OutputFile says why not
  is_fifo_ = exists && S_ISFIFO(info.st_mode);
  is_anonymous_ = is_fifo_ && io::is_anonymous_pipe(path);
  if (!is_fifo_ && !(exists && S_ISCHR(info.st_mode))) file_.emplace(path);
}

// O_NONBLOCK on the descriptor that was inherited would be there for the other processes that have it, too.
void Target::open_standard_output() {
  struct stat info {};
  if (::fstat(STDOUT_FILENO, &info) == 0 && S_ISFIFO(info.st_mode)) {
    const int fd = ::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
      fd_ = io::Fd(io::adopt_fd, fd);
      is_fifo_ = true;
      io::enlarge_pipe(fd_, io::most_pipe_bytes);
      return;
    }
  }
  file_.emplace("-");
}

bool Target::open() {
  if (is_open()) return true;
  const int fd = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    if (errno == EINTR) return false;
    if (errno != ENXIO || !is_fifo_) throw base::SystemError("open", name_);
    if (is_anonymous_) throw base::SystemError("write", name_, EPIPE);
    return false;
  }
  fd_ = io::Fd(io::adopt_fd, fd);
  // A process substitution's own descriptor would keep the reader from its end-of-file.
  if (const int number = io::inherited_descriptor(path_); number > STDERR_FILENO) ::close(number);
  if (is_fifo_) io::enlarge_pipe(fd_, io::most_pipe_bytes);
  return true;
}

void Target::close() {
  if (file_) {
    file_->finish();
  } else if (const int error = fd_.close(); error != 0) {
    throw base::SystemError("write", name_, error);
  }
  if (is_standard_output() && is_fifo_) let_go_of_standard_output();
}

Output::Output(const std::string& path, io::BlockPool& pool, io::Meter& meter)
    : target_(path), pool_(pool), meter_(meter) {}

void Output::keep_last(std::size_t bytes) {
  last_ = std::make_unique<io::LastBytes>(target_.path(), bytes, bytes);
}

void Output::begin_header(std::string_view bytes) {
  last_->add_header(bytes);
  is_header_ = true;
}

// The records begin in a block of their own.
void Output::end_header() {
  is_header_ = false;
  appended_ = 0;
  free_ = free_end_ = nullptr;
}

// `bytes` are about to be written, and end at the position `end`. Keeps those that are not kept yet.
void Output::keep(std::string_view bytes, std::uint64_t end, std::uint64_t records_end) {
  if (!last_->is_keeping()) return;
  if (end > last_->end()) last_->add(bytes.substr(bytes.size() - (end - last_->end())));
  last_->keep_to(records_end);
}

void Output::keep(const Piece& piece) {
  const std::uint64_t records_end = &piece == &queue_.back() ? records_end_ : piece.records_end;
  if (piece.block) return keep({piece.data, piece.size}, piece.offset + piece.size, records_end);
  // A range is kept as a whole at the first attempt to write it.
  if (last_->end() < piece.end) last_->add(piece.file->fd, piece.offset, piece.size);
  last_->keep_to(records_end);
}

std::size_t Output::append(std::string_view bytes) {
  if (free_ == free_end_) {
    if (pool_.is_used_up()) return 0;
    if (!queue_.empty()) queue_.back().records_end = records_end_;
    Piece& fresh = queue_.emplace_back();
    fresh.block = pool_.get();
    fresh.offset = appended_;
    fresh.is_record = !is_header_;
    fresh.data = free_ = fresh.block->data;
    free_end_ = free_ + pool_.block_size();
  }
  const std::size_t n = std::min(static_cast<std::size_t>(free_end_ - free_), bytes.size());
  std::memcpy(free_, bytes.data(), n);
  fill(n);
  return n;
}

void Output::append_range(std::shared_ptr<const io::InputFile> file, std::uint64_t offset, std::size_t size) {
  if (!queue_.empty()) queue_.back().records_end = records_end_;
  queue_.push_back({{}, std::move(file), nullptr, size, offset});
  appended_ += size;
  queue_.back().end = appended_;
  free_ = free_end_ = nullptr;
  queued_ += size;
  ++ranges_;
}

// The bytes that a write took: 0 when the target takes none now.
std::size_t Output::written(ssize_t result) {
  if (result >= 0) {
    meter_.bytes += static_cast<std::uint64_t>(result);
    return static_cast<std::size_t>(result);
  }
  if (errno == EAGAIN || errno == EINTR) return 0;
  if (errno == EPIPE && target_.is_standard_output() && !closes_when_read_)
    throw base::ClosedOutput(target_.name());
  throw base::SystemError("write", target_.name());
}

std::size_t Output::write_through(std::string_view bytes) {
  if (!target_.open()) return 0;
  if (last_ && !is_header_) {
    const std::uint64_t end = appended_ + bytes.size();
    keep(bytes, end, next_records_end_ == end ? end : 0);
  }
  const std::size_t n = written(::write(target_.fd().get(), bytes.data(), bytes.size()));
  appended_ += n;
  return n;
}

// Returns whether the target may take more.
bool Output::send(Piece& piece) {
  std::size_t n = 0;
  if (piece.block) {
    if (last_ && piece.is_record) keep(piece);
    n = written(::write(target_.fd().get(), piece.data, piece.size));
    piece.data += n;
    piece.offset += n;
  } else {
    if (last_) keep(piece);
    const ssize_t result = io::splice_file(piece.file->fd, piece.offset, piece.size, target_.fd());
    if (result == 0)
      throw base::Error(base::Status::failure, "read", piece.file->name, "the file became shorter");
    n = written(result);
    piece.offset += n;
  }
  piece.size -= n;
  queued_ -= n;
  return n > 0;
}

void Output::pop() {
  if (!queue_.front().block) --ranges_;
  queue_.pop_front();
  if (queue_.empty()) free_ = free_end_ = nullptr;
}

void Output::push() {
  if (closed_ || !target_.open()) return;
  while (!queue_.empty()) {
    const bool more = send(queue_.front());
    if (queue_.front().size == 0) {
      pop();
    } else if (!more) {
      return;
    }
  }
  if (!closing_) return;
  if (closes_when_read_ && target_.is_pipe() && io::is_unread(target_.fd(), target_.name())) return;
  target_.close();
  closed_ = true;
}

void Output::give_up() noexcept {
  while (!queue_.empty()) pop();
  queued_ = 0;
  closed_ = true;
}

}  // namespace mrf::split
