// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace mrf::fetch {

/// Buffers that are in no use, so that their memory is not allocated for each request again.
class SpareBuffers {
 public:
  /// An empty buffer with room for `bytes`.
  std::string take(std::size_t bytes) {
    std::string buffer;
    if (!buffers_.empty()) {
      buffer = std::move(buffers_.back());
      buffers_.pop_back();
    }
    buffer.reserve(bytes);
    return buffer;
  }

  /// A string that has been moved from has no memory of its own to be kept.
  void give_back(std::string buffer) {
    if (buffer.capacity() <= std::string().capacity() || buffers_.size() >= most) return;
    buffer.clear();
    buffers_.push_back(std::move(buffer));
  }

 private:
  static constexpr std::size_t most = 64;  // for the small files that come at a time

  std::vector<std::string> buffers_;
};

}  // namespace mrf::fetch
