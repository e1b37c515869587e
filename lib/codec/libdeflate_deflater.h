// SPDX-License-Identifier: MIT
#pragma once

#include <libdeflate.h>

#include <memory>
#include <span>
#include <string_view>

namespace mrf::codec {

/// Raw DEFLATE (RFC 1951) by libdeflate, one piece after the other.
class LibdeflateDeflater {
 public:
  /// `level` is 0 to 9, and means what it means to bgzip(1). Throws std::bad_alloc.
  explicit LibdeflateDeflater(int level);

  /// Deflates `payload` to `to`; returns the bytes written, 0 when they do not fit.
  std::size_t deflate(std::string_view payload, std::span<char> to);

 private:
  struct Deleter {
    void operator()(libdeflate_compressor* library) const { libdeflate_free_compressor(library); }
  };
  std::unique_ptr<libdeflate_compressor, Deleter> library_;
};

}  // namespace mrf::codec
