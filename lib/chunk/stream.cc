// SPDX-License-Identifier: MIT
// Fast filters empty the memory as fast as it is filled, and then the few blocks that are in use stay in the
// processor's cache. Slow ones do not, and must get their chunks all the same, since each of them works on
// another chunk: what has no room in memory goes to disk. Which of the two it is shows in how long it takes
// until a block is free; a wrong guess costs a copy.
#include "chunk/stream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "io/move_bytes.h"
#include "io/temporaries.h"

namespace mrf::chunk {

namespace {

constexpr std::chrono::milliseconds longest_pause{1};
constexpr std::uint64_t bytes_unasked = std::uint64_t{1} << 20;

}  // namespace

ChunkStream::ChunkStream(std::shared_ptr<StreamMemory> memory, std::function<void()> tell)
    : memory_(std::move(memory)), tell_(std::move(tell)) {}

ChunkStream::~ChunkStream() {
  const std::lock_guard lock(memory_->mutex);
  pieces_.clear();
  memory_->freed.notify_one();
}

void ChunkStream::append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (has_room()) {
      bytes.remove_prefix(append_to_block(bytes));
    } else {
      const std::string_view part = bytes.substr(0, StreamMemory::block_bytes);
      append_to_file(part);
      bytes.remove_prefix(part.size());
    }
  }
}

// Whether the last piece is a block with room, which nobody else touches behind its end.
bool ChunkStream::has_room() {
  std::unique_lock lock(memory_->mutex);
  if (is_discarded_) return true;
  if (!pieces_.empty() && pieces_.back().block) {
    Piece& last = pieces_.back();
    if (last.begin == last.end) last.begin = last.end = 0;
    if (last.end < last.block->capacity) return true;
  }
  if (!is_block_free(lock)) return false;
  pieces_.push_back({memory_->pool.get(), 0, 0});
  return true;
}

bool ChunkStream::is_block_free(std::unique_lock<std::mutex>& lock) {
  const auto is_free = [this] { return !memory_->pool.is_used_up(); };
  if (is_free()) return true;
  if (unasked_ > 0) return false;
  if (memory_->freed.wait_for(lock, longest_pause, is_free)) return true;
  unasked_ = bytes_unasked;
  return false;
}

std::size_t ChunkStream::append_to_block(std::string_view bytes) {
  char* to = nullptr;
  std::size_t room = 0;
  {
    const std::lock_guard lock(memory_->mutex);
    if (is_discarded_) return bytes.size();
    const Piece& last = pieces_.back();
    to = last.block->data + last.end;
    room = last.block->capacity - last.end;
  }
  const std::size_t n = std::min(bytes.size(), room);
  std::memcpy(to, bytes.data(), n);
  publish(n);
  return n;
}

void ChunkStream::append_to_file(std::string_view bytes) {
  if (!file_.is_open()) {
    io::Fd file = io::open_scratch_file();
    const std::lock_guard lock(memory_->mutex);
    file_ = std::move(file);
  }
  io::Meter meter;
  io::write_all(file_, io::scratch_file_name(), bytes, meter);
  {
    const std::lock_guard lock(memory_->mutex);
    if (pieces_.empty() || pieces_.back().block) pieces_.push_back({{}, file_size_, file_size_});
  }
  file_size_ += bytes.size();
  unasked_ -= std::min<std::uint64_t>(unasked_, bytes.size());
  publish(bytes.size());
}

void ChunkStream::finish(const record::Span& records) {
  {
    const std::lock_guard lock(memory_->mutex);
    extent_ = records;
  }
  tell_();
}

void ChunkStream::cut_off() noexcept {
  {
    const std::lock_guard lock(memory_->mutex);
    is_cut_off_ = true;
  }
  tell_();
}

ChunkStream::Fed ChunkStream::feed(io::FdRef pipe, std::uint64_t& bytes) {
  Piece piece;
  std::string_view text;
  {
    const std::lock_guard lock(memory_->mutex);
    drop_consumed();
    if (pieces_.empty() || pieces_.front().begin == pieces_.front().end) {
      if (extent_) return Fed::all;
      is_awaited_ = true;
      return Fed::nothing;
    }
    const Piece& front = pieces_.front();
    piece.begin = front.begin;
    piece.end = front.end;
    if (front.block) text = {front.block->data + front.begin, front.end - front.begin};
  }
  const std::uint64_t fed =
      text.empty() ? io::feed_pipe(file_, io::scratch_file_name(), piece.begin, piece.end - piece.begin, pipe)
                         .value_or(0)
                   : io::feed_pipe(text, pipe).value_or(0);
  bytes += fed;
  const std::lock_guard lock(memory_->mutex);
  pieces_.front().begin += fed;
  drop_consumed();
  return Fed::some;
}

// The mutex is held. The last piece stays for the thread that appends to it.
void ChunkStream::drop_consumed() {
  while (!pieces_.empty() && pieces_.front().begin == pieces_.front().end) {
    if (pieces_.size() == 1 && !extent_) return;
    pieces_.pop_front();
    memory_->freed.notify_one();
  }
}

void ChunkStream::discard() noexcept {
  const std::lock_guard lock(memory_->mutex);
  is_discarded_ = true;
  while (pieces_.size() > (extent_ ? 0U : 1U)) pieces_.pop_front();
  memory_->freed.notify_one();
}

bool ChunkStream::is_cut_off() const {
  const std::lock_guard lock(memory_->mutex);
  return is_cut_off_;
}

std::optional<record::Span> ChunkStream::extent() const {
  const std::lock_guard lock(memory_->mutex);
  return extent_;
}

void ChunkStream::publish(std::size_t bytes) {
  bool is_awaited = false;
  {
    const std::lock_guard lock(memory_->mutex);
    if (!pieces_.empty()) pieces_.back().end += bytes;
    is_awaited = std::exchange(is_awaited_, false);
  }
  if (is_awaited) tell_();
}

}  // namespace mrf::chunk
