// SPDX-License-Identifier: MIT
#include "split/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace mrf::split {

namespace {

[[noreturn]] void fail_to_read(const io::Window& input) {
  throw base::Error(base::Status::failure, "read", input.name(), "the file became shorter");
}

}  // namespace

Output::Output(const std::string& path, BlockPool& pool, io::Meter& meter)
    : target_(path), pool_(pool), meter_(meter) {}

std::size_t Output::append(std::string_view bytes) {
  if (free_ == free_end_) {
    if (pool_.is_used_up()) return 0;
    Piece& fresh = queue_.emplace_back();
    fresh.block = pool_.take();
    fresh.data = free_ = fresh.block.get();
    free_end_ = free_ + pool_.block_size();
  }
  const std::size_t n = std::min(static_cast<std::size_t>(free_end_ - free_), bytes.size());
  std::memcpy(free_, bytes.data(), n);
  io::MappedFile::check();
  fill(n);
  return n;
}

void Output::append_range(std::shared_ptr<const io::Window> input, std::string_view bytes, long long offset) {
  queue_.push_back({nullptr, std::move(input), bytes.data(), bytes.size(), offset});
  free_ = free_end_ = nullptr;
  queued_ += bytes.size();
  ++ranges_;
}

// The bytes that a write took: 0 when the target takes none now.
std::size_t Output::written(ssize_t result) {
  if (result >= 0) {
    meter_.bytes += static_cast<std::uint64_t>(result);
    return static_cast<std::size_t>(result);
  }
  if (errno == EAGAIN || errno == EINTR) return 0;
  if (errno == EPIPE && target_.is_standard_output()) throw base::ClosedOutput(target_.name());
  throw base::SystemError("write", target_.name());
}

std::size_t Output::write_through(std::string_view bytes) {
  if (!target_.open()) return 0;
  const ssize_t n = ::write(target_.fd().get(), bytes.data(), bytes.size());
  if (n < 0 && errno == EFAULT)
    return 0;  // of a mapped file that became shorter: whoever copies them is told
  return written(n);
}

ssize_t Output::splice_range(const Piece& piece) {
  off64_t offset = piece.offset;
  const ssize_t n = ::splice(piece.input->fd().get(), &offset, target_.fd().get(), nullptr, piece.size,
                             SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (n == 0) fail_to_read(*piece.input);
  return n;
}

// Returns whether the target may take more.
bool Output::send(Piece& piece) {
  ssize_t result = -1;
  if (piece.block == nullptr && can_splice_) {
    result = splice_range(piece);
    can_splice_ = result > 0 || errno != EINVAL;
  }
  if (piece.block != nullptr || !can_splice_) {
    result = ::write(target_.fd().get(), piece.data, piece.size);
    if (result < 0 && errno == EFAULT && piece.input != nullptr) fail_to_read(*piece.input);
  }
  const std::size_t n = written(result);
  piece.data += n;
  piece.offset += static_cast<long long>(n);
  piece.size -= n;
  queued_ -= n;
  return n > 0;
}

void Output::pop() {
  Piece& front = queue_.front();
  if (front.block == nullptr) {
    --ranges_;
  } else {
    pool_.give_back(std::move(front.block));
  }
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
  target_.close();
  closed_ = true;
}

void Output::give_up() noexcept {
  while (!queue_.empty()) pop();
  queued_ = 0;
  closed_ = true;
}

}  // namespace mrf::split
