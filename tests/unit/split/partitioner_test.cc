// SPDX-License-Identifier: MIT
#include "split/partitioner.h"

#include <doctest/doctest.h>

#include <vector>

namespace {

std::vector<std::size_t> picked(mrf::split::ChunkSize size, const std::vector<std::string>& records) {
  const auto partitioner = mrf::split::make_chunk_partitioner(mrf::split::make_round_robin(3), size);
  std::vector<std::size_t> workers;
  for (const auto& record : records) workers.push_back(partitioner->partition(record).value());
  return workers;
}

}  // namespace

TEST_CASE("records are counted, or their bytes") {
  const std::vector<std::string> records{"aa\n", "b\n", "cccccc\n", "d\n", "e\n", "f\n"};
  using Workers = std::vector<std::size_t>;
  CHECK(picked({1, 0}, records) == Workers{0, 1, 2, 0, 1, 2});
  CHECK(picked({4, 0}, records) == Workers{0, 0, 0, 0, 1, 1});
  CHECK(picked({1000, 5}, records) == Workers{0, 0, 1, 2, 2, 0});
  CHECK(picked({1000, 1}, records) == Workers{0, 1, 2, 0, 1, 2});
}

TEST_CASE("a key has the worker that its hash modulo the workers names") {
  mrf::io::Meter meter;
  const auto partitioner =
      mrf::split::make_key_partitioner(mrf::record::parse_key_form("column:2"), {}, 7, "", meter);
  CHECK(partitioner->partition("x\tabc\n") == mrf::record::key_hash("abc") % 7);
  CHECK(partitioner->partition("x\tabc\ty\n") == mrf::record::key_hash("abc") % 7);
  CHECK(partitioner->partition("x\t\n") == mrf::record::key_hash("") % 7);
  CHECK_FALSE(partitioner->partition("x\n").has_value());
  CHECK(partitioner->why_none("x\n") == "has no column 2");
}
