// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/output_file.h"
#include "shard/directory.h"
#include "shard/plan.h"
#include "shard/receipt.h"

namespace mrf::shard {

/// What the parts are.
enum class PartForm {
  plain,     ///< text: one behind the other
  bgzf,      ///< text in BGZF
  sam,       ///< with a header in each
  sam_bgzf,  ///< the same in BGZF, the header in blocks without records
  bam,       ///< the same
};

/// The receipts of all shards. Throws Error when one is missing, DataError when they are not those of the
/// plan with that digest or do not close the chain (proof.h).
std::vector<Receipt> read_receipts(const Plan& plan, const std::string& plan_digest,
                                   const Directory& directory);

/// What becomes of the headers of the parts.
enum class HeaderRule {
  once,     ///< that of alignments, which all have, is there once; text begins with that of SAM once at most
  omitted,  ///< of SAM text: it is not there
  lines,    ///< of text: lines at its top are lines, even those of a header of SAM
};

/// Writes the parts of these receipts to `output`, which is not committed, as one file: no block is
/// compressed again, one header, one end-of-file block. Throws DataError for a part that is not what its
/// receipt says, or whose header is not that of the first, or is there again.
void write_parts(const std::vector<Receipt>& receipts, const Directory& directory, PartForm form,
                 io::OutputFile& output, HeaderRule rule);
/// Reads the parts of these receipts. Throws DataError for one that is not what its receipt says.
void check_parts(const std::vector<Receipt>& receipts, const Directory& directory);
/// Reads a part, and puts its size and its digest into its receipt. Returns 0, or what `stop`, asked for each
/// piece, answered that is not 0: then the receipt means nothing. Throws SystemError.
int measure_part(const Directory& directory, Receipt& receipt, const std::function<int()>& stop);

}  // namespace mrf::shard
