// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <span>
#include <string_view>

namespace mrf {

/// Raw DEFLATE (RFC 1951) by zlib, one piece after the other.
class ZlibDeflater {
 public:
  /// `level` is 0 to 9. Throws std::bad_alloc.
  explicit ZlibDeflater(int level);
  ~ZlibDeflater();
  ZlibDeflater(const ZlibDeflater&) = delete;
  ZlibDeflater& operator=(const ZlibDeflater&) = delete;

  /// Deflates `payload` to `to`; returns the bytes written, 0 when they do not fit.
  std::size_t deflate(std::string_view payload, std::span<char> to);

 private:
  z_stream stream_{};
};

}  // namespace mrf
