// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "io/meter.h"
#include "io/reader.h"
#include "split/block_pool.h"
#include "split/target.h"

namespace mrf::split {

/// One output and the bytes that wait for it, in order: blocks that they were copied into, and ranges
/// of a file, which go into a pipe without being copied (splice(2)).
class Output {
 public:
  /// `pool` and `meter` outlive the output; `meter` counts the bytes written. Throws SystemError.
  Output(const std::string& path, BlockPool& pool, io::Meter& meter);

  const Target& target() const { return target_; }
  Target& target() { return target_; }
  std::size_t queued_bytes() const { return queued_; }
  std::size_t queued_ranges() const { return ranges_; }

  /// Room for `size` bytes in the last block, which fill() is to follow; null where it has less.
  char* room(std::size_t size) {
    return static_cast<std::size_t>(free_end_ - free_) < size ? nullptr : free_;
  }
  void fill(std::size_t size) {
    free_ += size;
    queue_.back().size += size;
    queued_ += size;
  }
  /// Copies the front of `bytes`, as much as the last block holds, or a new one when that is full.
  /// Returns how much; nothing when a new one is needed and the pool is used up.
  std::size_t append(std::string_view bytes);
  /// Whether append_range() may be called: the target is a pipe.
  bool takes_ranges() const { return target_.is_pipe(); }
  /// Appends `size` bytes of `file` from `offset` on.
  void append_range(std::shared_ptr<const io::InputFile> file, std::uint64_t offset, std::size_t size);
  /// Writes as much of the front of `bytes`, ahead of which nothing waits, as the target takes now.
  std::size_t write_through(std::string_view bytes);
  /// Opens the target if it can be opened now and writes as much as it takes. Throws SystemError
  /// (ClosedOutput for standard output) when the reader is gone.
  void push();

  /// push() closes the target once nothing is left.
  void close_when_empty() { closing_ = true; }
  bool is_closing() const { return closing_; }
  bool is_closed() const { return closed_; }
  /// Forgets what is queued and leaves the target unpublished.
  void give_up() noexcept;

 private:
  struct Piece {
    BlockPool::Block block;
    std::shared_ptr<const io::InputFile> file;
    const char* data = nullptr;
    std::size_t size = 0;
    std::uint64_t offset = 0;
  };

  bool send(Piece& piece);
  std::size_t written(ssize_t result);
  void pop();

  Target target_;
  BlockPool& pool_;
  io::Meter& meter_;
  std::deque<Piece> queue_;
  char* free_ = nullptr;  // behind what the last block of queue_ holds, when a block is the last
  char* free_end_ = nullptr;
  std::size_t queued_ = 0;
  std::size_t ranges_ = 0;
  bool closing_ = false;
  bool closed_ = false;
};

}  // namespace mrf::split
