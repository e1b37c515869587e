// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace mrf::codec {

/// Raw DEFLATE (RFC 1951) through a library, one piece after the other.
class RawDeflater {
 public:
  virtual ~RawDeflater() = default;
  /// Deflates `payload` to `to`; returns the bytes written, 0 when they do not fit.
  virtual std::size_t deflate(std::string_view payload, std::span<char> to) = 0;
};

/// What is fastest, for level 1: ISA-L; null in a build without it.
std::unique_ptr<RawDeflater> make_fast_deflater();

}  // namespace mrf::codec
