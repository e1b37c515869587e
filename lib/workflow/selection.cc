// SPDX-License-Identifier: MIT
#include "workflow/selection.h"

#include <fmt/format.h>

#include "base/error.h"

namespace mrf::workflow {

std::vector<std::string> Selection::words() const {
  std::vector<std::string> words;
  const auto add = [&words](const char* option, const std::string& value) {
    words.emplace_back(option);
    words.push_back(value);
  };
  for (const auto& flags : all_flags) add("-f", flags);
  for (const auto& flags : no_flags) add("-F", flags);
  if (least_mapq) add("-q", std::to_string(*least_mapq));
  if (!expression.empty()) add("-e", expression);
  for (const auto& region : regions) add("-r", region);
  if (!bed.empty()) add("-L", bed);
  if (uses_index) words.emplace_back("-M");
  if (!rule.empty()) add("--region-rule", rule);
  if (fraction) add("--subsample", fmt::format("{}", *fraction));
  if (seed) add("--subsample-seed", std::to_string(*seed));
  return words;
}

void check_selection(const Selection& selection) {
  if (selection.fraction && !(*selection.fraction > 0 && *selection.fraction <= 1))
    throw base::UsageError("use option", "--subsample", "not a fraction above 0 and up to 1");
  const bool has_regions = !selection.regions.empty() || !selection.bed.empty();
  if (selection.uses_index && !has_regions) throw base::UsageError("use option", "-M", "it goes with -L");
  if (!selection.rule.empty() && !has_regions)
    throw base::UsageError("use option", "--region-rule", "it goes with -r and -L");
  if (!selection.rule.empty() && selection.rule != "overlaps" && selection.rule != "starts")
    throw base::UsageError("use region rule", selection.rule, "neither starts nor overlaps");
  if (selection.seed && !selection.fraction)
    throw base::UsageError("use option", "--subsample-seed", "it goes with --subsample");
}

}  // namespace mrf::workflow
