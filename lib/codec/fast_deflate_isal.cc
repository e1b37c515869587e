// SPDX-License-Identifier: MIT
#include <isa-l.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>

#include "codec/fast_deflate.h"

namespace mrf::codec {

namespace {

// Room for the tokens of a whole block, so that it becomes one block of deflate with one set of codes.
constexpr std::uint32_t level_buffer_size = ISAL_DEF_LVL2_EXTRA_LARGE;

struct Free {
  void operator()(std::uint8_t* memory) const { std::free(memory); }
};

class IsalDeflater : public RawDeflater {
 public:
  IsalDeflater() {
    if (!level_buffer_) throw std::bad_alloc();
  }

  std::size_t deflate(std::string_view payload, std::span<char> to) override {
    ::isal_deflate_stateless_init(&stream_);
    stream_.level = 2;
    stream_.level_buf = level_buffer_.get();
    stream_.level_buf_size = level_buffer_size;
    stream_.end_of_stream = 1;
    stream_.flush = NO_FLUSH;
    stream_.gzip_flag = IGZIP_DEFLATE;
    stream_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(payload.data()));
    stream_.avail_in = static_cast<std::uint32_t>(payload.size());
    stream_.next_out = reinterpret_cast<std::uint8_t*>(to.data());
    stream_.avail_out = static_cast<std::uint32_t>(to.size());
    if (::isal_deflate_stateless(&stream_) != COMP_OK) throw std::runtime_error("ISA-L cannot deflate");
    return stream_.total_out;
  }

 private:
  // isal_deflate_stateless_init() leaves fields as they are, the size of the window for one: all is 0 first.
  isal_zstream stream_{};
  // Much of it is never used: of what calloc(3) gives, only pages that are written take memory.
  std::unique_ptr<std::uint8_t, Free> level_buffer_{
      static_cast<std::uint8_t*>(std::calloc(1, level_buffer_size))};
};

}  // namespace

std::unique_ptr<RawDeflater> make_fast_deflater() { return std::make_unique<IsalDeflater>(); }

}  // namespace mrf::codec
