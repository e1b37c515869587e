// SPDX-License-Identifier: MIT
#include "join/backlog.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace {

constexpr std::size_t block_size = 4096;

std::string_view fill(const mrf::BlockRef& block, char byte, std::size_t size) {
  std::memset(block->data, byte, size);
  return {block->data, size};
}

}  // namespace

TEST_CASE("a block counts as used until its last share is gone") {
  mrf::BlockPool pool(block_size);
  mrf::BlockRef first = pool.get();
  CHECK(pool.used() == block_size);
  mrf::BlockRef second = first;
  CHECK_FALSE(first.is_only());
  first = pool.get(100000);
  CHECK(first->capacity >= 100000);
  CHECK(second.is_only());
  CHECK(pool.used() == block_size + first->capacity);
  first = second = {};
  CHECK(pool.used() == 0);
}

TEST_CASE("records come back in order from memory and from the spill file") {
  mrf::BlockPool pool(block_size);
  mrf::SpillFile spill(block_size);
  mrf::Backlog backlog(pool, spill);
  for (const char byte : {'a', 'b', 'c', 'd'}) {
    const mrf::BlockRef block = pool.get(byte == 'c' ? 10000 : 0);
    backlog.push(block, fill(block, byte, block->capacity), 3);
    if (byte != 'a') backlog.spill_last(block);
  }
  CHECK(pool.used() == block_size);
  CHECK(spill.stored() == 2 * block_size + 12288);
  for (const char byte : {'a', 'b', 'c', 'd'}) {
    const mrf::Chunk& chunk = backlog.front();
    CHECK(chunk.records == 3);
    CHECK((chunk.bytes == std::string(byte == 'c' ? 12288 : block_size, byte)));
    backlog.consume(100, 1);
    CHECK(backlog.front().records == 2);
    backlog.consume(backlog.front().bytes.size(), 2);
  }
  CHECK(backlog.empty());
  CHECK(pool.used() == 0);
}

TEST_CASE("records of one block that follow each other are one chunk") {
  mrf::BlockPool pool(block_size);
  mrf::SpillFile spill(block_size);
  mrf::Backlog backlog(pool, spill);
  const mrf::BlockRef block = pool.get();
  const std::string_view bytes = fill(block, 'x', 30);
  backlog.push(block, bytes.substr(0, 10), 1);
  backlog.push(block, bytes.substr(10), 2);
  CHECK(backlog.front().records == 3);
  CHECK(backlog.front().bytes.size() == 30);
  backlog.push(block, {}, 0);
  backlog.consume(30, 3);
  CHECK(backlog.empty());
}
