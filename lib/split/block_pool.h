// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace mrf::split {

/// Memory in blocks of one size, and a limit on how much of it is out at a time.
class BlockPool {
 public:
  using Block = std::unique_ptr<char[]>;

  /// Sizes in bytes.
  BlockPool(std::size_t block_size, std::size_t budget)
      : block_size_(block_size), allowed_(budget / block_size) {}

  std::size_t block_size() const { return block_size_; }
  bool is_used_up() const { return out_ == allowed_; }
  /// Not to be called when the pool is used up. Throws std::bad_alloc.
  Block take() {
    ++out_;
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(block_size_);
    Block block = std::move(free_.back());
    free_.pop_back();
    return block;
  }
  void give_back(Block block) {
    --out_;
    free_.push_back(std::move(block));
  }

 private:
  std::size_t block_size_;
  std::size_t allowed_;
  std::size_t out_ = 0;
  std::vector<Block> free_;
};

}  // namespace mrf::split
