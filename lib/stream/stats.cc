// SPDX-License-Identifier: MIT
#include "stream/stats.h"

#include <fmt/format.h>

#include "sys/message.h"

namespace mrf {

void note_counts(const Stats& stats) {
  if (verbosity() != Verbosity::verbose) return;
  for (const auto& input : stats.inputs) {
    note(fmt::format("read {} records from '{}'", input.records, input.name));
  }
  for (const auto& output : stats.outputs) {
    note(fmt::format("wrote {} records to '{}'", output.records, output.name));
  }
}

}  // namespace mrf
