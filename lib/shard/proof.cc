// SPDX-License-Identifier: MIT
#include "shard/proof.h"

#include <fmt/format.h>

#include <set>

namespace mrf::shard {

std::string fault_of_landing(const Plan& plan, std::size_t shard, const Landing& landing) {
  const Storage storage = plan.input.storage;
  if (landing.start != plan.cuts[shard])
    return fmt::format("shard {} begins at {}, and its cut is at {}", shard, describe(landing.start, storage),
                       describe(plan.cuts[shard], storage));
  if (landing.landed != plan.cuts[shard + 1])
    return fmt::format("the cut at the end of shard {} is wrong: no record begins at {}, one does at {}",
                       shard, describe(plan.cuts[shard + 1], storage), describe(landing.landed, storage));
  return "";
}

std::string fault_of_mates(const Plan& plan, std::size_t shard, const Receipt& receipt) {
  if (plan.mate.has_value() != receipt.mate.has_value())
    return fmt::format("the receipt of shard {} is of another number of inputs", shard);
  if (!plan.mate) return "";
  if (std::string fault = fault_of_landing(plan_of_mate(plan), shard, *receipt.mate); !fault.empty())
    return fault;
  if (receipt.mate->records_in == receipt.landing.records_in) return "";
  return fmt::format("shard {} has {} records of '{}' and {} of '{}'", shard, receipt.landing.records_in,
                     plan.input.path, receipt.mate->records_in, plan.mate->path);
}

std::string fault_of_chain(const Plan& plan, const std::string& plan_digest,
                           const std::vector<Receipt>& receipts) {
  if (receipts.size() != plan.shards())
    return fmt::format("there are {} receipts for {} shards", receipts.size(), plan.shards());
  std::set<std::string> parts;
  for (std::size_t shard = 0; shard < receipts.size(); ++shard) {
    const Receipt& receipt = receipts[shard];
    if (receipt.shard != shard)
      return fmt::format("the receipt of shard {} is that of {}", shard, receipt.shard);
    if (receipt.plan != plan_digest) return fmt::format("the receipt of shard {} is of another plan", shard);
    if (std::string fault = fault_of_landing(plan, shard, receipt.landing); !fault.empty()) return fault;
    if (std::string fault = fault_of_mates(plan, shard, receipt); !fault.empty()) return fault;
    const bool is_new = parts.insert(receipt.part).second &&
                        (receipt.mate_part.empty() || parts.insert(receipt.mate_part).second);
    if (!is_new) return fmt::format("the receipt of shard {} names a part of another shard", shard);
  }
  return "";
}

}  // namespace mrf::shard
