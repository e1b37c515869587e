// SPDX-License-Identifier: MIT
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/block_pool.h"
#include "io/fd.h"
#include "io/stats.h"

namespace mrf::collect {

/// Where the joined bytes go.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Takes all pieces, whose list may be changed meanwhile. Throws SystemError "cannot write", ClosedOutput
  /// when the reader of a pipe is gone.
  virtual void write(std::span<iovec> pieces) = 0;
  /// Writes what is left to write. Throws as write() does.
  virtual void finish() {}
};

/// The bytes as they are, into `fd`, which is called `name` in messages. `meter`, which outlives the sink,
/// counts what is written.
std::unique_ptr<Sink> make_plain_sink(io::FdRef fd, std::string name, io::Meter& meter);
/// BGZF blocks of `level` 0 (stored) to 9, made by `threads` threads beside the caller, and the end-of-file
/// block.
std::unique_ptr<Sink> make_bgzf_sink(io::FdRef fd, std::string name, io::Meter& meter, int level,
                                     unsigned threads);

/// Gathers what is to be written, by reference where it stands in a block, and passes it on
/// in large batches.
class BatchedOutput {
 public:
  /// What is referred to outlives it.
  BatchedOutput(Sink& sink, io::BlockPool& pool);

  /// Bytes that stay as they are in `block` until they are written.
  void pass(const io::BlockRef& block, std::string_view bytes);
  /// Any bytes.
  void copy(std::string_view bytes);
  /// Room for `size` bytes (at most copy_limit) that put() is to follow.
  char* room(std::size_t size) {
    if (copies_->capacity - filled_ < size) new_copies();
    return copies_->data + filled_;
  }
  void put(std::size_t size) {
    const std::string_view bytes{copies_->data + filled_, size};
    filled_ += size;
    pass(copies_, bytes);
  }
  /// Gives the sink what is gathered. Throws what Sink::write() throws.
  void flush();
  bool empty() const { return pending_ == 0; }

  static constexpr std::size_t copy_limit = 4096;

 private:
  void new_copies();
  void add(const io::BlockRef& block, std::string_view bytes);

  Sink& sink_;
  io::BlockPool& pool_;
  std::vector<iovec> pieces_;
  std::vector<io::BlockRef> blocks_;
  std::size_t pending_ = 0;
  io::BlockRef copies_;
  std::size_t filled_ = 0;
};

inline void BatchedOutput::pass(const io::BlockRef& block, std::string_view bytes) {
  if (!pieces_.empty()) {
    iovec& last = pieces_.back();
    if (static_cast<const char*>(last.iov_base) + last.iov_len == bytes.data() && blocks_.back() == block) {
      last.iov_len += bytes.size();
      pending_ += bytes.size();
      return;
    }
  }
  add(block, bytes);
}

}  // namespace mrf::collect
