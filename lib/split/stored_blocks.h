// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "codec/bgzf.h"
#include "io/mapped_file.h"

namespace mrf {

/// A BGZF block being filled for each of several outputs; what is in it is stored as it is.
class StoredBlocks {
 public:
  explicit StoredBlocks(std::size_t outputs)
      : capacity_(std::clamp(budget / std::max<std::size_t>(outputs, 1), smallest, bgzf_payload)),
        payloads_(outputs) {}

  bool is_empty(std::size_t output) const { return payloads_[output].size == 0; }
  bool is_full(std::size_t output) const { return payloads_[output].size == capacity_; }
  /// Copies the front of `bytes`, as much as there is room for, and returns how much.
  std::size_t fill(std::size_t output, std::string_view bytes) {
    Payload& payload = payloads_[output];
    if (payload.bytes == nullptr) payload.bytes = std::make_unique_for_overwrite<char[]>(capacity_);
    const std::size_t n = bytes.copy(payload.bytes.get() + payload.size, capacity_ - payload.size);
    MappedFile::check();
    payload.size += n;
    return n;
  }
  /// The block with what was filled in; valid until the next call. The next one is empty.
  std::string_view close(std::size_t output) {
    Payload& payload = payloads_[output];
    const std::size_t size =
        deflater_.block({payload.bytes.get(), payload.size}, {block_.get(), bgzf_max_block});
    payload.size = 0;
    return {block_.get(), size};
  }

 private:
  struct Payload {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  static constexpr std::size_t budget = std::size_t{4} << 20;
  static constexpr std::size_t smallest = 4096;

  std::size_t capacity_;
  std::vector<Payload> payloads_;
  BgzfDeflater deflater_{0};
  std::unique_ptr<char[]> block_ = std::make_unique_for_overwrite<char[]>(bgzf_max_block);
};

}  // namespace mrf
