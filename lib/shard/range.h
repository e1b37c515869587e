// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "io/fd.h"
#include "io/stats.h"
#include "shard/input.h"
#include "shard/plan.h"
#include "shard/receipt.h"

namespace mrf::shard {

/// Writes the records of a shard to `out`, decompressed but those of a CRAM, behind the header if
/// `with_header`; a last record without its newline is given one. The first shard begins with the input's
/// first record and the last one goes to the input's end, whatever the plan says. `stats` counts. Returns
/// where the records are, which fault_of_landing() judges. Throws DataError for what is malformed,
/// SystemError, ClosedOutput.
Landing copy_records(const Plan& plan, std::size_t shard, const Input& input, bool with_header, io::FdRef out,
                     const std::string& out_name, io::Stats& stats);

/// The same without writing, for a BAM or text.
Landing find_landing(const Plan& plan, std::size_t shard, const Input& input);

/// From where to where a shard goes.
struct ShardRange {
  Position start = 0;
  Position end = 0;
};
/// The input itself says where its first record and its end are, whatever the plan says.
ShardRange range_of(const Plan& plan, std::size_t shard, const Input& input);

}  // namespace mrf::shard
