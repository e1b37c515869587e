// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

namespace mrf::codec {

/// The bytes of an input, one after the other.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads at least one byte unless the input is over. Returns 0 only at the end. Throws Error.
  virtual std::size_t read(std::span<char> to) = 0;
  /// Whether read() has something to give without waiting for whoever writes the input.
  virtual bool is_ready() const { return false; }
};

}  // namespace mrf::codec
