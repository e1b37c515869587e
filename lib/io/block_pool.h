// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace mrf::io {

class BlockPool;

/// Memory that inputs are read into and outputs are written from, without a copy in between.
struct Block {
  BlockPool& pool;
  char* data;
  std::size_t capacity;
  unsigned references;
};

/// A share of a block, for one thread; the last one gives the block back to its pool.
class BlockRef {
 public:
  BlockRef() = default;
  explicit BlockRef(Block* block) noexcept : block_(block) {
    if (block_ != nullptr) ++block_->references;
  }
  BlockRef(const BlockRef& other) noexcept : BlockRef(other.block_) {}
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() { drop(); }

  explicit operator bool() const { return block_ != nullptr; }
  bool operator==(const BlockRef& other) const { return block_ == other.block_; }
  Block* operator->() const { return block_; }
  bool is_only() const { return block_->references == 1; }

 private:
  void drop() noexcept;

  Block* block_ = nullptr;
};

/// Gives out blocks and counts the bytes that are in use. Some free ones are kept, the others go back
/// to the system. Outlives its blocks.
class BlockPool {
 public:
  /// Sizes in bytes. Free blocks are kept up to the `budget`, without one up to 8 MiB.
  explicit BlockPool(std::size_t block_size) : BlockPool(block_size, unlimited) {}
  BlockPool(std::size_t block_size, std::size_t budget);
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// A block of block_size() bytes, or of more when `at_least` is more. Throws std::bad_alloc.
  BlockRef get(std::size_t at_least = 0);
  std::size_t block_size() const { return block_size_; }
  /// Bytes of the blocks that somebody holds.
  std::size_t used() const { return used_; }
  /// Whether one more block would be more than the budget, which get() does not look at.
  bool is_used_up() const { return budget_ < block_size_ || used_ > budget_ - block_size_; }

 private:
  friend class BlockRef;
  void take_back(Block* block) noexcept;

  static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

  const std::size_t block_size_;
  const std::size_t budget_;
  const std::size_t most_free_;
  std::size_t used_ = 0;
  std::vector<Block*> free_;
};

inline void BlockRef::drop() noexcept {
  if (block_ != nullptr && --block_->references == 0) block_->pool.take_back(block_);
}

}  // namespace mrf::io
