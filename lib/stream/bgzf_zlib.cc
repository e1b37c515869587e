// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <new>
#include <stdexcept>

#include "stream/bgzf_frame.h"
#include "stream/zlib_deflater.h"

namespace mrf {

namespace {

constexpr int raw_deflate = -15;  // zlib.h, deflateInit2

Bytef* bytes(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

std::uint32_t crc_of(std::string_view content) {
  return static_cast<std::uint32_t>(::crc32(0, bytes(content.data()), static_cast<uInt>(content.size())));
}

}  // namespace

struct BgzfDeflater::State {
  explicit State(int level) : zlib(level) {}

  ZlibDeflater zlib;
};

BgzfDeflater::BgzfDeflater(int level) : state_(std::make_unique<State>(level)) {}
BgzfDeflater::~BgzfDeflater() = default;
BgzfDeflater::BgzfDeflater(BgzfDeflater&&) noexcept = default;
BgzfDeflater& BgzfDeflater::operator=(BgzfDeflater&&) noexcept = default;

// What cannot be compressed is stored.
std::size_t BgzfDeflater::block(std::string_view payload, std::span<char> to) {
  std::size_t deflated = state_->zlib.deflate(payload, bgzf_room(to));
  if (deflated == 0) deflated = store_deflated(payload, bgzf_room(to).data());
  return frame_bgzf(to, deflated, crc_of(payload), payload.size());
}

struct BgzfInflater::State {
  State() {
    if (::inflateInit2(&stream, raw_deflate) != Z_OK) throw std::bad_alloc();
  }
  ~State() { ::inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream{};
};

BgzfInflater::BgzfInflater() : state_(std::make_unique<State>()) {}
BgzfInflater::~BgzfInflater() = default;
BgzfInflater::BgzfInflater(BgzfInflater&&) noexcept = default;
BgzfInflater& BgzfInflater::operator=(BgzfInflater&&) noexcept = default;

void BgzfInflater::block(std::string_view stored, std::span<char> to) {
  z_stream& stream = state_->stream;
  const std::string_view deflated = bgzf_deflated(stored);
  char none;  // the library refuses a null pointer
  ::inflateReset(&stream);
  stream.next_in = bytes(deflated.data());
  stream.avail_in = static_cast<uInt>(deflated.size());
  stream.next_out = bytes(to.empty() ? &none : to.data());
  stream.avail_out = static_cast<uInt>(to.size());
  const int code = ::inflate(&stream, Z_FINISH);
  if (code != Z_STREAM_END) {
    throw std::runtime_error(stream.msg != nullptr ? stream.msg : "invalid compressed data");
  }
  if (stream.avail_out != 0) throw std::runtime_error("incorrect length");
  if (crc_of({to.data(), to.size()}) != bgzf_crc(stored)) throw std::runtime_error("incorrect checksum");
}

}  // namespace mrf
