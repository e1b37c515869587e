// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mrf::workflow {

/// Which records of an alignment the filter gets: options of mrf-bamread(1), which the short form passes on
/// to it. Empty texts and lists are options that were not given.
struct Selection {
  std::vector<std::string> all_flags;      ///< -f
  std::vector<std::string> no_flags;       ///< -F
  std::optional<std::uint8_t> least_mapq;  ///< -q
  std::string expression;                  ///< -e
  std::vector<std::string> regions;        ///< -r
  std::string bed;                         ///< -L, a file
  bool uses_index = false;                 ///< -M
  std::string rule;                        ///< --region-rule
  std::optional<double> fraction;          ///< --subsample
  std::optional<unsigned> seed;            ///< --subsample-seed

  /// Whether the input is read in places that an index gives, so that it has to be a file or a URL.
  bool needs_index() const { return !regions.empty() || uses_index; }
  /// The options and their values, one after the other; none when all records are wanted.
  std::vector<std::string> words() const;
};

/// Throws UsageError for an option that goes with another one only, and for a rule that there is not.
void check_selection(const Selection& selection);

}  // namespace mrf::workflow
