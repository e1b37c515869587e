// SPDX-License-Identifier: MIT
#include "shard/proof.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace {

using namespace mrf::shard;

Plan plan_of_three() {
  Plan plan;
  plan.input.storage = Storage::bgzf;
  plan.cuts = {block_position(10), block_position(20) + 5, block_position(30), block_position(40)};
  return plan;
}

std::vector<Receipt> good_receipts(const Plan& plan) {
  std::vector<Receipt> receipts;
  for (std::size_t shard = 0; shard < plan.shards(); ++shard) {
    Receipt receipt;
    receipt.plan = "digest";
    receipt.shard = shard;
    receipt.landing = {plan.cuts[shard], plan.cuts[shard + 1], 1};
    receipt.part = "part" + std::to_string(shard);
    receipts.push_back(receipt);
  }
  return receipts;
}

}  // namespace

TEST_CASE("only receipts that close the chain are joined") {
  struct Row {
    std::function<void(std::vector<Receipt>&)> change;
    std::string fault;
  };
  const std::vector<Row> rows{
      {[](auto&) {}, ""},
      {[](auto& all) { all.pop_back(); }, "there are 2 receipts for 3 shards"},
      {[](auto& all) { std::swap(all[0], all[1]); }, "the receipt of shard 0 is that of 1"},
      {[](auto& all) { all[1] = all[0]; }, "the receipt of shard 1 is that of 0"},
      {[](auto& all) { all[2].plan = "old"; }, "the receipt of shard 2 is of another plan"},
      {[](auto& all) { all[2].part = "part0"; }, "the receipt of shard 2 names a part of another shard"},
      {[](auto& all) { ++all[0].landing.landed; },
       "the cut at the end of shard 0 is wrong: no record begins at virtual offset 20:5, one does at virtual "
       "offset 20:6"},
      {[](auto& all) { all[2].landing.landed = block_position(39); },
       "the cut at the end of shard 2 is wrong: no record begins at virtual offset 40:0, one does at virtual "
       "offset 39:0"},
      {[](auto& all) { --all[1].landing.start; },
       "shard 1 begins at virtual offset 20:4, and its cut is at virtual offset 20:5"},
  };
  const Plan plan = plan_of_three();
  for (const Row& row : rows) {
    auto receipts = good_receipts(plan);
    row.change(receipts);
    CHECK(fault_of_chain(plan, "digest", receipts) == row.fault);
  }
}

TEST_CASE("positions of plain files are bytes") {
  Plan plan;
  plan.cuts = {0, 7, 9};
  CHECK(fault_of_landing(plan, 0, {0, 7, 1}).empty());
  CHECK(fault_of_landing(plan, 0, {0, 8, 1}) ==
        "the cut at the end of shard 0 is wrong: no record begins at byte 7, one does at byte 8");
}
