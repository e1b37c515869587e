// SPDX-License-Identifier: MIT
#include "codec/libdeflate_deflater.h"

#include <array>
#include <new>

namespace mrf::codec {

// libdeflate has twelve levels: htslib spreads zlib's nine over them (bgzf.c).
LibdeflateDeflater::LibdeflateDeflater(int level) {
  constexpr std::array<int, 10> levels{0, 1, 2, 3, 5, 6, 7, 8, 10, 12};
  library_.reset(::libdeflate_alloc_compressor(levels.at(static_cast<std::size_t>(level))));
  if (!library_) throw std::bad_alloc();
}

std::size_t LibdeflateDeflater::deflate(std::string_view payload, std::span<char> to) {
  return ::libdeflate_deflate_compress(library_.get(), payload.data(), payload.size(), to.data(), to.size());
}

}  // namespace mrf::codec
