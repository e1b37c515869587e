// SPDX-License-Identifier: MIT
#pragma once

#include <libdeflate.h>
#include <zlib.h>
#ifdef MRF_FUZZ_ISAL
#include <isa-l.h>
#endif

#include <memory>
#include <string>
#include <string_view>

#include "fuzz.h"

namespace mrf::fuzz {

/// Raw DEFLATE by three libraries; two where ISA-L is not in use. One for each thread.
class Inflaters {
 public:
  Inflaters() : libdeflate_(::libdeflate_alloc_decompressor()) {
    check(::inflateInit2(&zlib_, -15) == Z_OK && libdeflate_ != nullptr, "there is memory");
  }
  ~Inflaters() {
    ::inflateEnd(&zlib_);
    ::libdeflate_free_decompressor(libdeflate_);
  }
  Inflaters(const Inflaters&) = delete;
  Inflaters& operator=(const Inflaters&) = delete;

  /// The library that does not inflate `stored`, the whole of it, to `plain`; null when all do.
  const char* disagreeing(std::string_view stored, std::string_view plain) {
    back_.resize(plain.size() + 1);
    if (!zlib_agrees(stored, plain)) return "zlib";
    if (!libdeflate_agrees(stored, plain)) return "libdeflate";
    return isal_agrees(stored, plain) ? nullptr : "ISA-L";
  }

 private:
  bool is(std::string_view plain, std::size_t size) const {
    return std::string_view(back_).substr(0, size) == plain;
  }

  bool zlib_agrees(std::string_view stored, std::string_view plain) {
    if (::inflateReset(&zlib_) != Z_OK) return false;
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));
    zlib_.avail_in = static_cast<uInt>(stored.size());
    zlib_.next_out = reinterpret_cast<Bytef*>(back_.data());
    zlib_.avail_out = static_cast<uInt>(back_.size());
    return ::inflate(&zlib_, Z_FINISH) == Z_STREAM_END && zlib_.avail_in == 0 && is(plain, zlib_.total_out);
  }

  bool libdeflate_agrees(std::string_view stored, std::string_view plain) {
    back_[0] = plain.empty() ? '\0' : static_cast<char>(~plain[0]);
    std::size_t read = 0;
    std::size_t got = 0;
    return ::libdeflate_deflate_decompress_ex(libdeflate_, stored.data(), stored.size(), back_.data(),
                                              plain.size(), &read, &got) == LIBDEFLATE_SUCCESS &&
           read == stored.size() && is(plain, got);
  }

  bool isal_agrees([[maybe_unused]] std::string_view stored, [[maybe_unused]] std::string_view plain) {
#ifdef MRF_FUZZ_ISAL
    back_[0] = plain.empty() ? '\0' : static_cast<char>(~plain[0]);
    ::isal_inflate_init(isal_.get());
    isal_->crc_flag = ISAL_DEFLATE;
    isal_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(stored.data()));
    isal_->avail_in = static_cast<std::uint32_t>(stored.size());
    isal_->next_out = reinterpret_cast<std::uint8_t*>(back_.data());
    isal_->avail_out = static_cast<std::uint32_t>(back_.size());
    return ::isal_inflate(isal_.get()) == ISAL_DECOMP_OK && isal_->block_state == ISAL_BLOCK_FINISH &&
           is(plain, isal_->total_out);
#else
    return true;
#endif
  }

  z_stream zlib_{};
  libdeflate_decompressor* libdeflate_;
#ifdef MRF_FUZZ_ISAL
  std::unique_ptr<inflate_state> isal_ = std::make_unique<inflate_state>();
#endif
  std::string back_;
};

}  // namespace mrf::fuzz
