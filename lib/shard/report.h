// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shard/plan.h"
#include "shard/receipt.h"

namespace mrf::shard {

/// What is known of a shard when a report is written.
struct ShardRecord {
  std::optional<Receipt> receipt;
  std::size_t attempts = 0;
  std::string run_report;  ///< of the attempt that made the part (mrf-run(1), Report); empty: there is none
};

/// The records that the program which wrote `part` counted, by the report of its run; nothing where it
/// counted none or the text is no report.
std::optional<std::uint64_t> records_written(std::string_view run_report, const std::string& part);

/// The exit status of a run, by its report; 0 for a text that is no report.
int status_of_run(std::string_view run_report);
/// The report of a run with another exit status; of a text that is no report, one that has nothing else.
std::string report_with_status(std::string_view run_report, int status);

/// One report over the shards of a plan, in their order (mrf-run(1), Shards), with its newline. `status` is
/// that of the whole.
std::string report_text(const Plan& plan, const std::vector<ShardRecord>& shards, const std::string& output,
                        int status);

}  // namespace mrf::shard
