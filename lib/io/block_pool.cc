// SPDX-License-Identifier: MIT
#include "io/block_pool.h"

#include <sys/mman.h>

#include <memory>
#include <new>

namespace mrf::io {

namespace {

constexpr std::size_t kept_bytes = std::size_t{8} << 20;
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

BlockPool::~BlockPool() {
  for (Block* block : free_) destroy(block);
}

BlockRef BlockPool::get(std::size_t at_least) {
  Block* block = nullptr;
  if (at_least <= block_size_ && !free_.empty()) {
    block = free_.back();
    free_.pop_back();
  } else {
    free_.reserve(kept_bytes / block_size_ + 1);
    block = make_block(*this, at_least > block_size_ ? at_least : block_size_);
  }
  used_ += block->capacity;
  return BlockRef(block);
}

void BlockPool::take_back(Block* block) noexcept {
  used_ -= block->capacity;
  if (block->capacity == block_size_ && free_.size() < free_.capacity() &&
      free_.size() * block_size_ < kept_bytes) {
    free_.push_back(block);
  } else {
    destroy(block);
  }
}

}  // namespace mrf::io
