// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <new>
#include <stdexcept>

#include "codec/inflate_engine.h"

namespace mrf::codec {

namespace {

constexpr int gzip_wrapper_only = 15 + 16;  // zlib.h, inflateInit2

class ZlibEngine : public InflateEngine {
 public:
  ZlibEngine() {
    if (::inflateInit2(&stream_, gzip_wrapper_only) != Z_OK) throw std::bad_alloc();
  }
  ~ZlibEngine() override { ::inflateEnd(&stream_); }
  ZlibEngine(const ZlibEngine&) = delete;
  ZlibEngine& operator=(const ZlibEngine&) = delete;

  void start_member() override { ::inflateReset(&stream_); }

  State step(std::string_view& stored, std::span<char>& to) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));
    stream_.avail_in = clamp(stored.size());
    stream_.next_out = reinterpret_cast<Bytef*>(to.data());
    stream_.avail_out = clamp(to.size());
    const auto in = stream_.avail_in;
    const auto out = stream_.avail_out;
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      throw std::runtime_error(stream_.msg != nullptr ? stream_.msg : "invalid compressed data");
    }
    stored.remove_prefix(in - stream_.avail_in);
    to = to.subspan(out - stream_.avail_out);
    return code == Z_STREAM_END ? State::member_end : State::more;
  }

 private:
  static uInt clamp(std::size_t n) { return n < (1U << 30) ? static_cast<uInt>(n) : 1U << 30; }

  z_stream stream_{};
};

}  // namespace

std::unique_ptr<InflateEngine> make_inflate_engine() { return std::make_unique<ZlibEngine>(); }

std::string inflate_engine_name() { return std::string("zlib ") + ::zlibVersion(); }

}  // namespace mrf::codec
