// SPDX-License-Identifier: MIT
#include "split/block_writer.h"

#include <algorithm>
#include <utility>

namespace mrf::split {

namespace {

constexpr std::size_t budget = std::size_t{4} << 20;
constexpr std::size_t smallest = 4096;

}  // namespace

BlockWriter::BlockWriter(std::size_t outputs, std::size_t blocked, int level, unsigned threads)
    : capacity_(std::clamp(budget / std::max<std::size_t>(blocked, 1), smallest, codec::bgzf_payload)),
      level_(level),
      payloads_(outputs),
      pipeline_(threads,
                {{[this](Job& job) { pack(job); }, false}, {[this](Job& job) { hand_over(job); }, true}}) {}

std::size_t BlockWriter::fill(std::size_t output, std::string_view bytes) {
  Block& payload = payloads_[output];
  if (payload.bytes == nullptr) payload.bytes = std::make_unique_for_overwrite<char[]>(capacity_);
  const std::size_t n = bytes.copy(payload.bytes.get() + payload.size, capacity_ - payload.size);
  payload.size += n;
  return n;
}

void BlockWriter::close(std::size_t output) {
  Job& job = pipeline_.next();
  std::swap(job.plain, payloads_[output]);
  payloads_[output].size = 0;
  job.packed.output = output;
  pipeline_.submit();
}

void BlockWriter::pack(Job& job) const {
  if (!job.deflater) job.deflater.emplace(level_);
  if (job.packed.bytes == nullptr)
    job.packed.bytes = std::make_unique_for_overwrite<char[]>(codec::bgzf_max_block);
  job.packed.size = job.deflater->block(job.plain.view(), {job.packed.bytes.get(), codec::bgzf_max_block});
}

void BlockWriter::hand_over(Job& job) {
  const std::lock_guard lock(mutex_);
  finished_.push_back(std::move(job.packed));
  job.packed = {};
  if (spare_.empty()) return;
  job.packed.bytes = std::move(spare_.back());
  spare_.pop_back();
}

std::optional<BlockWriter::Block> BlockWriter::next_finished() {
  const std::lock_guard lock(mutex_);
  if (finished_.empty()) return std::nullopt;
  Block block = std::move(finished_.front());
  finished_.pop_front();
  return block;
}

void BlockWriter::recycle(Block& block) {
  const std::lock_guard lock(mutex_);
  spare_.push_back(std::move(block.bytes));
}

}  // namespace mrf::split
