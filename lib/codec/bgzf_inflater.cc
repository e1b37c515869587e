// SPDX-License-Identifier: MIT
#include <libdeflate.h>

#include <new>
#include <stdexcept>

#include "codec/bgzf_frame.h"

namespace mrf::codec {

struct BgzfInflater::State {
  State() : library(::libdeflate_alloc_decompressor()) {
    if (library == nullptr) throw std::bad_alloc();
  }
  ~State() { ::libdeflate_free_decompressor(library); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  libdeflate_decompressor* library;
};

BgzfInflater::BgzfInflater() : state_(std::make_unique<State>()) {}
BgzfInflater::~BgzfInflater() = default;
BgzfInflater::BgzfInflater(BgzfInflater&&) noexcept = default;
BgzfInflater& BgzfInflater::operator=(BgzfInflater&&) noexcept = default;

void BgzfInflater::block(std::string_view stored, std::span<char> to) {
  const std::string_view deflated = bgzf_deflated(stored);
  const libdeflate_result result = ::libdeflate_deflate_decompress(
      state_->library, deflated.data(), deflated.size(), to.data(), to.size(), nullptr);
  if (result == LIBDEFLATE_SHORT_OUTPUT || result == LIBDEFLATE_INSUFFICIENT_SPACE) {
    throw std::runtime_error("incorrect length");
  }
  if (result != LIBDEFLATE_SUCCESS) throw std::runtime_error("invalid compressed data");
  if (content_crc({to.data(), to.size()}) != bgzf_crc(stored)) throw std::runtime_error("incorrect checksum");
}

std::string bgzf_library() { return "libdeflate " LIBDEFLATE_VERSION_STRING; }

}  // namespace mrf::codec
