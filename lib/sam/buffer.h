// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace mrf::sam {

/// Bytes that grow at the end. Unlike std::string, room is not filled before it is used, and clear()
/// keeps it.
class Buffer {
 public:
  char* data() { return data_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_.get(), size_}; }
  void clear() { size_ = 0; }
  /// Keeps the first `n` bytes.
  void cut(std::size_t n) { size_ = n; }
  /// Removes the first `n` bytes.
  void drop(std::size_t n) {
    size_ -= n;
    if (n > 0) std::memmove(data_.get(), data_.get() + n, size_);
  }
  /// clear(), and gives the room back when it is more than `kept` bytes.
  void trim(std::size_t kept) {
    size_ = 0;
    if (capacity_ <= kept) return;
    data_.reset();
    capacity_ = 0;
  }

  /// Room for `n` more bytes; the pointer is valid until the next call. add() says how many were used.
  char* room(std::size_t n) {
    if (capacity_ - size_ < n) grow(n);
    return data_.get() + size_;
  }
  void add(std::size_t n) { size_ += n; }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }

 private:
  void grow(std::size_t n) {
    const std::size_t wanted = std::max(size_ + n, capacity_ + capacity_ / 2);
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace mrf::sam
