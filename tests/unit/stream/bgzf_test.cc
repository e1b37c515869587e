// SPDX-License-Identifier: MIT
#include "stream/bgzf.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "stream/inflate.h"

namespace {

std::string block_of(const std::string& payload, int level = 1) {
  mrf::BgzfDeflater deflater(level);
  std::string block(mrf::bgzf_max_block, '\0');
  block.resize(deflater.block(payload, block));
  return block;
}

std::string content_of(const std::string& block) {
  std::string content(mrf::bgzf_content_size(block), '\0');
  mrf::BgzfInflater().block(block, content);
  return content;
}

std::string random_bytes(std::size_t n) {
  std::mt19937 random(7);
  std::string bytes(n, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

}  // namespace

TEST_CASE("a block knows its size and gives its payload back") {
  for (const std::string& payload : {std::string(), std::string("a"), std::string(mrf::bgzf_payload, 'x'),
                                     random_bytes(mrf::bgzf_payload), random_bytes(1000)}) {
    const std::string block = block_of(payload);
    CHECK(mrf::bgzf_block_size(block) == block.size());
    CHECK(content_of(block) == payload);
  }
}

TEST_CASE("the end-of-file block is an empty one") {
  const std::string block(mrf::bgzf_eof);
  CHECK(mrf::bgzf_block_size(block) == block.size());
  CHECK(content_of(block).empty());
}

TEST_CASE("what is no BGZF block has no size") {
  std::string block = block_of("text");
  CHECK(mrf::bgzf_block_size(std::string(18, '\0')) == 0);
  block[12] = 'X';
  CHECK(mrf::bgzf_block_size(block) == 0);
}

TEST_CASE("a damaged block is refused, whichever bit it is") {
  const std::string payload = "the quick brown fox jumps over the lazy dog, and again over the lazy dog";
  const std::string good = block_of(payload);
  for (std::size_t bit = mrf::bgzf_header_size * 8; bit < (good.size() - 4) * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    std::string content(payload.size(), '\0');
    mrf::BgzfInflater inflater;
    bool refused = false;
    try {
      inflater.block(bad, content);
    } catch (const std::runtime_error&) {
      refused = true;
    }
    CHECK((refused || content == payload));
  }
}
