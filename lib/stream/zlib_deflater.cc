// SPDX-License-Identifier: MIT
#include "stream/zlib_deflater.h"

#include <new>

namespace mrf {

namespace {

constexpr int raw_deflate = -15;  // zlib.h, deflateInit2
constexpr int memory_level = 8;

Bytef* bytes(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

}  // namespace

ZlibDeflater::ZlibDeflater(int level) {
  if (::deflateInit2(&stream_, level, Z_DEFLATED, raw_deflate, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

ZlibDeflater::~ZlibDeflater() { ::deflateEnd(&stream_); }

std::size_t ZlibDeflater::deflate(std::string_view payload, std::span<char> to) {
  ::deflateReset(&stream_);
  stream_.next_in = bytes(payload.data());
  stream_.avail_in = static_cast<uInt>(payload.size());
  stream_.next_out = bytes(to.data());
  stream_.avail_out = static_cast<uInt>(to.size());
  return ::deflate(&stream_, Z_FINISH) == Z_STREAM_END ? to.size() - stream_.avail_out : 0;
}

}  // namespace mrf
