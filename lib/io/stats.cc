// SPDX-License-Identifier: MIT
#include "io/stats.h"

#include <fmt/format.h>

#include "base/message.h"
#include "io/fd.h"

namespace mrf::io {

namespace {
std::string_view display_name(const StreamCount& count, std::string_view standard) {
  return count.name == "-" ? standard : std::string_view(count.name);
}
}  // namespace

void note_counts(const Stats& stats) {
  if (base::verbosity() != base::Verbosity::verbose) return;
  for (const auto& input : stats.inputs) {
    base::note(fmt::format("read {} records from '{}'", input.records, display_name(input, stdin_name)));
  }
  for (const auto& output : stats.outputs) {
    base::note(fmt::format("wrote {} records to '{}'", output.records, display_name(output, stdout_name)));
  }
}

}  // namespace mrf::io
