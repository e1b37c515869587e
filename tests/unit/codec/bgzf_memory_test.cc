// SPDX-License-Identifier: MIT
// The thread sanitizer has its own operator new.
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if !__has_feature(thread_sanitizer)

// What memory held before is no part of a result.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "codec/bgzf.h"

namespace {

// Memory from `new` is full of this number while it is not 0.
std::uint16_t filling = 0;

}  // namespace

// Not inlined: g++ would take the pairs of new and free() that it sees then for mistakes.
__attribute__((noinline)) void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  auto* const memory = static_cast<char*>(std::malloc(size > 0 ? size : 1));
  for (std::size_t at = 0; memory != nullptr && filling != 0 && at + sizeof filling <= size;
       at += sizeof filling) {
    std::memcpy(memory + at, &filling, sizeof filling);
  }
  return memory;
}
__attribute__((noinline)) void* operator new(std::size_t size) {
  void* const memory = operator new(size, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
__attribute__((noinline)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

std::string block_of(const std::string& payload, int level, std::uint16_t number) {
  filling = number;
  mrf::codec::BgzfDeflater deflater(level);
  filling = 0;
  std::string block(mrf::codec::bgzf_max_block, '\0');
  block.resize(deflater.block(payload, block));
  return block;
}

}  // namespace

TEST_CASE("a block is the same whatever its deflater's memory held before") {
  std::string payload;
  for (unsigned at = 0; at < 400; ++at) payload += "read" + std::to_string(at * at % 97) + "\tACGTTGCA";
  for (int level = 0; level <= 9; ++level) {
    CAPTURE(level);
    const std::string expected = block_of(payload, level, 0);
    for (std::uint16_t number = 1; number <= 40; ++number) {
      CHECK(block_of(payload, level, number) == expected);
    }
  }
}

#endif
