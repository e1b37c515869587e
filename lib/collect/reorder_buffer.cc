// SPDX-License-Identifier: MIT
#include "collect/reorder_buffer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/error.h"

namespace mrf::collect {

std::uint64_t SpillFile::find_room(std::uint64_t slots) {
  const auto run =
      std::find_if(free_.begin(), free_.end(), [slots](const auto& one) { return one.second >= slots; });
  if (run == free_.end()) {
    end_ += slots;
    return end_ - slots;
  }
  const auto [first, length] = *run;
  free_.erase(run);
  if (length > slots) free_.emplace(first + slots, length - slots);
  return first;
}

std::uint64_t SpillFile::store(std::string_view bytes) {
  if (!fd_.is_open()) fd_ = io::open_scratch_file();
  const std::uint64_t slot = find_room(slots_of(bytes.size()));
  auto offset = static_cast<off_t>(slot * slot_size_);
  stored_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw base::SystemError("write", name_);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += n;
  }
  return slot;
}

void SpillFile::load(std::uint64_t slot, char* to, std::size_t size) const {
  auto offset = static_cast<off_t>(slot * slot_size_);
  while (size > 0) {
    const ssize_t n = ::pread(fd_.get(), to, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw base::SystemError("read", name_);
    if (n == 0) throw base::SystemError("read", name_, EIO);
    to += n;
    offset += n;
    size -= static_cast<std::size_t>(n);
  }
}

void SpillFile::release(std::uint64_t slot, std::size_t size) {
  auto run = free_.emplace(slot, slots_of(size)).first;
  if (const auto next = std::next(run); next != free_.end() && run->first + run->second == next->first) {
    run->second += next->second;
    free_.erase(next);
  }
  if (run != free_.begin()) {
    const auto before = std::prev(run);
    if (before->first + before->second == run->first) {
      before->second += run->second;
      free_.erase(run);
      run = before;
    }
  }
  if (run->first + run->second < end_) return;
  end_ = run->first;
  free_.erase(run);
  // Only gives the space back early: a failure costs nothing.
  if (end_ == 0) (void)!::ftruncate(fd_.get(), 0);
}

void ReorderBuffer::push(const io::BlockRef& block, std::string_view bytes, std::uint64_t records) {
  if (bytes.empty()) return;
  if (!batches_.empty()) {
    RecordBatch& last = batches_.back();
    if (last.block == block && last.bytes.end() == bytes.begin()) {
      last.bytes = {last.bytes.data(), last.bytes.size() + bytes.size()};
      last.records += records;
      return;
    }
  }
  batches_.push_back({block, bytes, records, 0});
}

void ReorderBuffer::spill_last(const io::BlockRef& block) {
  if (batches_.empty() || !(batches_.back().block == block)) return;
  RecordBatch& last = batches_.back();
  last.slot = spill_.store(last.bytes);
  last.block = {};
}

const RecordBatch& ReorderBuffer::front() {
  RecordBatch& batch = batches_.front();
  if (!batch.block) {
    batch.block = pool_.get(batch.bytes.size());
    spill_.load(batch.slot, batch.block->data, batch.bytes.size());
    spill_.release(batch.slot, batch.bytes.size());
    batch.bytes = {batch.block->data, batch.bytes.size()};
  }
  return batch;
}

void ReorderBuffer::consume(std::size_t bytes, std::uint64_t records) {
  RecordBatch& batch = batches_.front();
  batch.bytes.remove_prefix(bytes);
  batch.records -= records;
  if (batch.bytes.empty()) batches_.pop_front();
}

}  // namespace mrf::collect
