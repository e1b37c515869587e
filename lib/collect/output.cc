// SPDX-License-Identifier: MIT
#include "collect/output.h"

#include <limits.h>

#include <algorithm>
#include <cstring>

namespace mrf::collect {

namespace {

constexpr std::size_t batch_bytes = std::size_t{256} << 10;
constexpr std::size_t batch_pieces = IOV_MAX;

}  // namespace

BatchedOutput::BatchedOutput(Sink& sink, BlockPool& pool)
    : sink_(sink), pool_(pool), copies_(pool.get(copy_limit)) {
  pieces_.reserve(batch_pieces);
  blocks_.reserve(batch_pieces);
}

void BatchedOutput::new_copies() {
  if (!copies_.is_only()) copies_ = pool_.get(copy_limit);
  filled_ = 0;
}

void BatchedOutput::copy(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), copy_limit);
    std::memcpy(room(n), bytes.data(), n);
    put(n);
    bytes.remove_prefix(n);
  }
}

void BatchedOutput::add(const BlockRef& block, std::string_view bytes) {
  if (pending_ >= batch_bytes || pieces_.size() == batch_pieces) flush();
  if (bytes.empty()) return;
  pieces_.push_back({const_cast<char*>(bytes.data()), bytes.size()});
  blocks_.push_back(block);
  pending_ += bytes.size();
}

void BatchedOutput::flush() {
  if (pending_ == 0) return;
  sink_.write(pieces_);
  pieces_.clear();
  blocks_.clear();
  pending_ = 0;
}

}  // namespace mrf::collect
