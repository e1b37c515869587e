// SPDX-License-Identifier: MIT
#include "collect/reorder_buffer.h"

#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "base/error.h"

namespace mrf::collect {

void SpillFile::add_free(std::uint64_t first, std::uint64_t length) {
  free_.emplace(first, length);
  free_by_length_.emplace(length, first);
}

void SpillFile::remove_free(std::uint64_t first, std::uint64_t length) {
  free_.erase(first);
  free_by_length_.erase({length, first});
}

// The shortest span that is long enough, or behind all that is used.
std::uint64_t SpillFile::find_room(std::uint64_t slots) {
  const auto best = free_by_length_.lower_bound({slots, 0});
  if (best == free_by_length_.end()) {
    end_ += slots;
    return end_ - slots;
  }
  const auto [length, first] = *best;
  remove_free(first, length);
  if (length > slots) add_free(first + slots, length - slots);
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
  std::uint64_t length = slots_of(size);
  const auto next = free_.lower_bound(slot);
  const auto before = next == free_.begin() ? free_.end() : std::prev(next);
  if (next != free_.end() && slot + length == next->first) {
    length += next->second;
    remove_free(slot + slots_of(size), next->second);
  }
  if (before != free_.end() && before->first + before->second == slot) {
    slot = before->first;
    length += before->second;
    remove_free(slot, before->second);
  }
  if (slot + length < end_) return add_free(slot, length);
  end_ = slot;
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
