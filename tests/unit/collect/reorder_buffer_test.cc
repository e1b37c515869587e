// SPDX-License-Identifier: MIT
#include "collect/reorder_buffer.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace {

constexpr std::size_t block_size = 4096;

std::string_view fill(const mrf::io::BlockRef& block, char byte, std::size_t size) {
  std::memset(block->data, byte, size);
  return {block->data, size};
}

}  // namespace

TEST_CASE("a block counts as used until its last share is gone") {
  mrf::io::BlockPool pool(block_size);
  mrf::io::BlockRef first = pool.get();
  CHECK(pool.used() == block_size);
  mrf::io::BlockRef second = first;
  CHECK_FALSE(first.is_only());
  first = pool.get(100000);
  CHECK(first->capacity >= 100000);
  CHECK(second.is_only());
  CHECK(pool.used() == block_size + first->capacity);
  first = second = {};
  CHECK(pool.used() == 0);
}

TEST_CASE("records come back in order from memory and from the spill file") {
  mrf::io::BlockPool pool(block_size);
  mrf::collect::SpillFile spill(block_size);
  mrf::collect::ReorderBuffer buffer(pool, spill);
  for (const char byte : {'a', 'b', 'c', 'd'}) {
    const mrf::io::BlockRef block = pool.get(byte == 'c' ? 10000 : 0);
    buffer.push(block, fill(block, byte, block->capacity), 3);
    if (byte != 'a') buffer.spill_last(block);
  }
  CHECK(pool.used() == block_size);
  CHECK(spill.stored() == 2 * block_size + 12288);
  for (const char byte : {'a', 'b', 'c', 'd'}) {
    const mrf::collect::RecordBatch& batch = buffer.front();
    CHECK(batch.records == 3);
    CHECK((batch.bytes == std::string(byte == 'c' ? 12288 : block_size, byte)));
    buffer.consume(100, 1);
    CHECK(buffer.front().records == 2);
    buffer.consume(buffer.front().bytes.size(), 2);
  }
  CHECK(buffer.empty());
  CHECK(pool.used() == 0);
}

TEST_CASE("records of one block that follow each other are one batch") {
  mrf::io::BlockPool pool(block_size);
  mrf::collect::SpillFile spill(block_size);
  mrf::collect::ReorderBuffer buffer(pool, spill);
  const mrf::io::BlockRef block = pool.get();
  const std::string_view bytes = fill(block, 'x', 30);
  buffer.push(block, bytes.substr(0, 10), 1);
  buffer.push(block, bytes.substr(10), 2);
  CHECK(buffer.front().records == 3);
  CHECK(buffer.front().bytes.size() == 30);
  buffer.push(block, {}, 0);
  buffer.consume(30, 3);
  CHECK(buffer.empty());
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
