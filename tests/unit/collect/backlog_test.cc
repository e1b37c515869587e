// SPDX-License-Identifier: MIT
#include "collect/backlog.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace {

constexpr std::size_t block_size = 4096;

std::string_view fill(const mrf::collect::BlockRef& block, char byte, std::size_t size) {
  std::memset(block->data, byte, size);
  return {block->data, size};
}

}  // namespace

TEST_CASE("a block counts as used until its last share is gone") {
  mrf::collect::BlockPool pool(block_size);
  mrf::collect::BlockRef first = pool.get();
  CHECK(pool.used() == block_size);
  mrf::collect::BlockRef second = first;
  CHECK_FALSE(first.is_only());
  first = pool.get(100000);
  CHECK(first->capacity >= 100000);
  CHECK(second.is_only());
  CHECK(pool.used() == block_size + first->capacity);
  first = second = {};
  CHECK(pool.used() == 0);
}

TEST_CASE("records come back in order from memory and from the spill file") {
  mrf::collect::BlockPool pool(block_size);
  mrf::collect::SpillFile spill(block_size);
  mrf::collect::Backlog backlog(pool, spill);
  for (const char byte : {'a', 'b', 'c', 'd'}) {
    const mrf::collect::BlockRef block = pool.get(byte == 'c' ? 10000 : 0);
    backlog.push(block, fill(block, byte, block->capacity), 3);
    if (byte != 'a') backlog.spill_last(block);
  }
  CHECK(pool.used() == block_size);
  CHECK(spill.stored() == 2 * block_size + 12288);
  for (const char byte : {'a', 'b', 'c', 'd'}) {
    const mrf::collect::Chunk& chunk = backlog.front();
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
  mrf::collect::BlockPool pool(block_size);
  mrf::collect::SpillFile spill(block_size);
  mrf::collect::Backlog backlog(pool, spill);
  const mrf::collect::BlockRef block = pool.get();
  const std::string_view bytes = fill(block, 'x', 30);
  backlog.push(block, bytes.substr(0, 10), 1);
  backlog.push(block, bytes.substr(10), 2);
  CHECK(backlog.front().records == 3);
  CHECK(backlog.front().bytes.size() == 30);
  backlog.push(block, {}, 0);
  backlog.consume(30, 3);
  CHECK(backlog.empty());
}

TEST_CASE("slots that are released are used again, also for what needs several") {
  mrf::collect::SpillFile spill(block_size);
  const std::string one(block_size, '1');
  const std::string three(3 * block_size - 5, '3');
  const auto first = spill.store(three);
  const auto second = spill.store(one);
  const auto third = spill.store(three);
  CHECK(spill.size() == 7 * block_size);
  spill.release(first, three.size());
  CHECK(spill.store(one) == first);
  CHECK(spill.store(one) == first + 1);
  CHECK(spill.store(three) == third + 3);
  spill.release(first + 1, one.size());
  spill.release(second, one.size());
  CHECK(spill.store(three) == first + 1);
  CHECK(spill.size() == 10 * block_size);
  std::string back(three.size(), ' ');
  spill.load(third, back.data(), back.size());
  CHECK(back == three);
  spill.release(third + 3, three.size());
  CHECK(spill.size() == 7 * block_size);
  for (const auto& [slot, size] :
       {std::pair(first, one.size()), {first + 1, three.size()}, {third, three.size()}}) {
    spill.release(slot, size);
  }
  CHECK(spill.size() == 0);
}
