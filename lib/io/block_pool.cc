// SPDX-License-Identifier: MIT
#include "io/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <new>

namespace mrf::io {

namespace {

constexpr std::size_t most_kept = std::size_t{8} << 20;
constexpr std::size_t page = 4096;

// Not from the heap, so that a block that is given back is the system's at once.
Block* make_block(BlockPool& pool, std::size_t size) {
  auto block = std::make_unique<Block>(Block{pool, nullptr, (size + page - 1) / page * page, 0});
  void* memory = ::mmap(nullptr, block->capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  block->data = static_cast<char*>(memory);
  return block.release();
}

void destroy(Block* block) noexcept {
  ::munmap(block->data, block->capacity);
  delete block;
}

}  // namespace

BlockPool::BlockPool(std::size_t block_size, std::size_t budget)
    : block_size_(block_size),
      budget_(budget),
      most_free_((budget == unlimited ? most_kept : budget) / block_size + 1) {}

BlockPool::~BlockPool() {
  for (Block* block : free_) destroy(block);
}

BlockRef BlockPool::get(std::size_t at_least) {
  Block* block = nullptr;
  if (at_least <= block_size_ && !free_.empty()) {
    block = free_.back();
    free_.pop_back();
  } else {
    free_.reserve(most_free_);
    block = make_block(*this, at_least > block_size_ ? at_least : block_size_);
  }
  used_ += block->capacity;
  return BlockRef(block);
}

void BlockPool::take_back(Block* block) noexcept {
  used_ -= block->capacity;
  if (block->capacity == block_size_ && free_.size() < std::min(free_.capacity(), most_free_)) {
    free_.push_back(block);
  } else {
    destroy(block);
  }
}

}  // namespace mrf::io
