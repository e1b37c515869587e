// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "io/block_pool.h"
#include "io/fd.h"
#include "record/framer.h"

namespace mrf::chunk {

/// Memory for what was read of a pipe and not yet fed to a filter, of all chunks of a source.
struct StreamMemory {
  static constexpr std::size_t block_bytes = std::size_t{256} << 10;
  static constexpr std::size_t budget = std::size_t{32} << 20;

  std::mutex mutex;  ///< for `pool`, its blocks and all that the streams share between their two threads
  std::condition_variable freed;
  io::BlockPool pool{block_bytes, budget};
};

/// The bytes of one chunk, which one thread appends while another one feeds them to the chunk's filter. They
/// wait in memory, and in a temporary file where the memory is used up and the filters are slower than a
/// disk.
class ChunkStream {
 public:
  /// `tell` is called by the thread that appends when there is something new for one that was told to wait.
  ChunkStream(std::shared_ptr<StreamMemory> memory, std::function<void()> tell);
  ~ChunkStream();
  ChunkStream(const ChunkStream&) = delete;
  ChunkStream& operator=(const ChunkStream&) = delete;

  /// By the thread that appends. Throws SystemError, std::bad_alloc.
  void append(std::string_view bytes);
  /// The chunk is whole, and these are its records.
  void finish(const record::Span& records);
  /// The rest of the chunk will never come.
  void cut_off() noexcept;

  enum class Fed {
    some,     ///< or the pipe is full
    nothing,  ///< there is nothing now; the thread that appends tells when there is
    all,      ///< the end of the chunk was reached
  };
  /// By the thread that feeds: one write(2) or splice(2) into a pipe that does not block; adds the bytes that
  /// the pipe took to `bytes`. Throws SystemError (EPIPE when the pipe has no reader).
  Fed feed(io::FdRef pipe, std::uint64_t& bytes);
  /// Nobody reads the chunk any more.
  void discard() noexcept;

  bool is_cut_off() const;
  /// What finish() was told; empty before.
  std::optional<record::Span> extent() const;

 private:
  struct Piece {
    io::BlockRef block;  // empty: of file_
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  std::size_t append_to_block(std::string_view bytes);
  void append_to_file(std::string_view bytes);
  bool has_room();
  bool is_block_free(std::unique_lock<std::mutex>& lock);
  void publish(std::size_t bytes);
  void drop_consumed();

  const std::shared_ptr<StreamMemory> memory_;
  const std::function<void()> tell_;
  std::deque<Piece> pieces_;
  io::Fd file_;
  std::uint64_t file_size_ = 0;
  std::uint64_t unasked_ = 0;           // bytes for the file before a free block is waited for again
  std::optional<record::Span> extent_;  // when it is whole
  bool is_awaited_ = false;
  bool is_cut_off_ = false;
  bool is_discarded_ = false;
};

}  // namespace mrf::chunk
