// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shard/plan.h"
#include "shard/receipt.h"

namespace mrf::shard {

/// Why the records of shard `shard` are not those that the plan means: it begins elsewhere, or has not
/// arrived at the next cut. Empty when they are.
std::string fault_of_landing(const Plan& plan, std::size_t shard, const Landing& landing);

/// The same of a receipt for the second of two inputs, of which a shard has as many records as of the first.
std::string fault_of_mates(const Plan& plan, std::size_t shard, const Receipt& receipt);

/// What does not let the parts of these receipts be joined, as a sentence that names the shard: one receipt
/// for each shard in the order of the plan, all of the plan with the digest `plan_digest`, each beginning
/// where the one before landed, from the first record to the end of the input. Empty when nothing is wrong.
/// By induction from the first record every record of the input is then in exactly one part.
std::string fault_of_chain(const Plan& plan, const std::string& plan_digest,
                           const std::vector<Receipt>& receipts);

}  // namespace mrf::shard
