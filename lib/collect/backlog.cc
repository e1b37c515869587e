// SPDX-License-Identifier: MIT
#include "collect/backlog.h"

namespace mrf::collect {

void Backlog::push(const BlockRef& block, std::string_view bytes, std::uint64_t records) {
  if (bytes.empty()) return;
  if (!chunks_.empty()) {
    Chunk& last = chunks_.back();
    if (last.block == block && last.bytes.end() == bytes.begin()) {
      last.bytes = {last.bytes.data(), last.bytes.size() + bytes.size()};
      last.records += records;
      return;
    }
  }
  chunks_.push_back({block, bytes, records, 0});
}

void Backlog::spill_last(const BlockRef& block) {
  if (chunks_.empty() || !(chunks_.back().block == block)) return;
  Chunk& last = chunks_.back();
  last.slot = spill_.store(last.bytes);
  last.block = {};
}

const Chunk& Backlog::front() {
  Chunk& chunk = chunks_.front();
  if (!chunk.block) {
    chunk.block = pool_.get(chunk.bytes.size());
    spill_.load(chunk.slot, chunk.block->data, chunk.bytes.size());
    spill_.release(chunk.slot, chunk.bytes.size());
    chunk.bytes = {chunk.block->data, chunk.bytes.size()};
  }
  return chunk;
}

void Backlog::consume(std::size_t bytes, std::uint64_t records) {
  Chunk& chunk = chunks_.front();
  chunk.bytes.remove_prefix(bytes);
  chunk.records -= records;
  if (chunk.bytes.empty()) chunks_.pop_front();
}

}  // namespace mrf::collect
