// SPDX-License-Identifier: MIT
#include "bam/index_builder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "sam/header.h"
#include "unit/directory.h"

using mrf::bam::BlockSize;

namespace {

constexpr hts_pos_t far = 500000;

// The virtual offset (SAM specification, section 4.1.1) at which the index says that the last record begins,
// which lies far behind the others.
std::uint64_t start_of_last(const std::vector<std::vector<mrf::bam::IndexEntry>>& places,
                            const std::vector<std::vector<BlockSize>>& blocks) {
  const auto header = mrf::sam::parse_sam_header("@SQ\tSN:c\tLN:1000000\n", "test");
  mrf::bam::IndexBuilder builder(*header, 100, "test");
  for (std::size_t i = 0; i < places.size(); ++i) builder.add(places[i], blocks[i]);
  builder.finish();
  const Directory directory;
  const std::string path = directory / "x.bai";
  builder.save(path, path);
  hts_idx_t* index = hts_idx_load2("none", path.c_str());
  REQUIRE(index != nullptr);
  hts_itr_t* last = sam_itr_queryi(index, 0, far, far + 1);
  REQUIRE(last != nullptr);
  REQUIRE(last->n_off == 1);
  const std::uint64_t start = last->off[0].u;
  hts_itr_destroy(last);
  hts_idx_destroy(index);
  return start;
}

mrf::bam::IndexEntry record_of(std::size_t size, hts_pos_t begin = 1) {
  return {0, begin, begin + 1, size, true};
}

}  // namespace

TEST_CASE("a record begins in the block that has its first byte") {
  const std::vector<BlockSize> three{{100, 40}, {100, 50}, {100, 60}};
  const auto start_after = [&](std::size_t size) {
    return start_of_last({{record_of(size), record_of(10, far)}}, {three});
  };
  CHECK(start_after(60) == (100U << 16 | 60));
  CHECK(start_after(95) == (100U << 16 | 95));
  CHECK(start_after(100) == 140U << 16);
  CHECK(start_after(130) == (140U << 16 | 30));
  CHECK(start_after(200) == 190U << 16);
}

TEST_CASE("a record's blocks may come later") {
  const std::vector<std::vector<mrf::bam::IndexEntry>> places{
      {record_of(60), record_of(80)}, {record_of(30, far)}, {}};
  CHECK(start_of_last(places, {{}, {{100, 40}}, {{70, 50}}}) == (140U << 16 | 40));
}

TEST_CASE("records out of order are refused by their number") {
  CHECK_THROWS_WITH_AS(start_of_last({{record_of(10, 500), record_of(10, 20)}}, {{{100, 40}}}),
                       "cannot index 'test': record 2 is out of order: sort by position first",
                       mrf::base::DataError);
}

TEST_CASE("a record that ends beyond what the index can hold is not taken for one out of order") {
  constexpr hts_pos_t most = hts_pos_t{1} << 29;
  CHECK_NOTHROW(start_of_last({{record_of(10, far), {0, most - 4, most, 10, true}}}, {{{100, 40}}}));
  CHECK_THROWS_WITH_AS(
      start_of_last({{record_of(10, 20), {0, most - 4, most + 1, 10, true}}}, {{{100, 40}}}),
      "cannot index 'test': record 2 ends at base 536870913 of its reference, but the index holds "
      "536870912: leave the index out, or remove what runs over the reference's end",
      mrf::base::DataError);
}
