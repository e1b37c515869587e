// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "codec/bgzf.h"
#include "codec/pipeline.h"

namespace mrf::split {

/// A BGZF block being filled for each of several outputs, and threads that compress the full ones.
class BlockWriter {
 public:
  /// A block on its way: the output's index, and its bytes.
  struct Block {
    std::size_t output = 0;
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    std::string_view view() const { return {bytes.get(), size}; }
  };

  /// `outputs` is their number, of which `blocked` are written in blocks. `level` is 0 (stored) to 9. Without
  /// `threads`, close() compresses.
  BlockWriter(std::size_t outputs, std::size_t blocked, int level, unsigned threads);

  bool is_empty(std::size_t output) const { return payloads_[output].size == 0; }
  bool is_full(std::size_t output) const { return payloads_[output].size == capacity_; }
  /// Copies the front of `bytes`, as much as there is room for, and returns how much.
  std::size_t fill(std::size_t output, std::string_view bytes);
  /// Gives what was filled in to the threads, waiting until they can take it; the next block is empty. Throws
  /// what one of them failed with.
  void close(std::size_t output);
  /// Waits until all blocks are compressed. Throws what failed.
  void wait() { pipeline_.finish(); }
  /// The next compressed block, in the order of close(); nothing when none is finished.
  std::optional<Block> next_finished();
  /// Takes the memory of a block back.
  void recycle(Block& block);

 private:
  struct Job {
    Block plain;
    Block packed;
    std::optional<codec::BgzfDeflater> deflater;
  };

  void pack(Job& job) const;
  void hand_over(Job& job);

  const std::size_t capacity_;
  const int level_;
  std::vector<Block> payloads_;
  std::mutex mutex_;
  std::deque<Block> finished_;
  std::vector<std::unique_ptr<char[]>> spare_;
  codec::Pipeline<Job> pipeline_;
};

}  // namespace mrf::split
