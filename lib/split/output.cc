// SPDX-License-Identifier: MIT
#include "split/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "io/move_bytes.h"

namespace mrf::split {

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
  fill(n);
  return n;
}

void Output::append_range(std::shared_ptr<const io::InputFile> file, std::uint64_t offset, std::size_t size) {
  queue_.push_back({nullptr, std::move(file), nullptr, size, offset});
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
  if (errno == EPIPE && target_.is_standard_output()) throw base::ClosedOutput(target_.name());
  throw base::SystemError("write", target_.name());
}

std::size_t Output::write_through(std::string_view bytes) {
  if (!target_.open()) return 0;
  return written(::write(target_.fd().get(), bytes.data(), bytes.size()));
}

// Returns whether the target may take more.
bool Output::send(Piece& piece) {
  std::size_t n = 0;
  if (piece.block != nullptr) {
    n = written(::write(target_.fd().get(), piece.data, piece.size));
    piece.data += n;
  } else {
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
